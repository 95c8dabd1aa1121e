import { configureSync, getConfig, resetSync } from "@logtape/logtape";
import type { Clock } from "../util/clock/mod.ts";
import { formatText, type LogLevel } from "../util/log.ts";

/** Log lines that are collected until they are disposed of; then logs go where they went before. */
export interface CapturedLogs extends Disposable {
  /** One each, without line end: time of the stage, level, logger, message and properties. */
  readonly lines: readonly string[];
}

/** Collects the log lines of everything in this program, of this level and above. */
export function captureLogs(clock: Clock, level: LogLevel): CapturedLogs {
  const before = getConfig();
  const lines: string[] = [];
  configureSync({
    reset: true,
    sinks: { lines: (record) => void lines.push(formatText(record, clock.now())) },
    loggers: [
      { category: [], sinks: ["lines"], lowestLevel: level },
      { category: ["logtape", "meta"], sinks: ["lines"], lowestLevel: "error", parentSinks: "override" },
    ],
  });
  return {
    lines,
    [Symbol.dispose]: () => {
      if (before === null) resetSync();
      else configureSync({ ...before, reset: true });
    },
  };
}
