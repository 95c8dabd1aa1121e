import type { Clock } from "../../../lib/util/clock/mod.ts";
import { configureLogging } from "../../../lib/util/log.ts";

/** Collects the log lines of everything in this process, from now on. */
export async function captureLogs(clock: Clock, logs: string[]): Promise<void> {
  await configureLogging({ format: "text", level: "info", clock, write: (line) => void logs.push(line.trimEnd()) });
}

/** What a failed wait tells: the condition and what was logged last. */
export function vain(what: string, ms: number, logs: readonly string[], cause?: unknown): Error {
  const lines = logs.slice(-25).map((line) => `  ${line}\n`).join("");
  return new Error(`within ${ms} ms it did not come to be that ${what}; last log lines:\n${lines}`, { cause });
}
