import type { VirtualClock } from "../../../lib/util/clock/mod.ts";
import { configureLogging } from "../../../lib/util/log.ts";

/** Sends all logs of this test file to the returned list, one JSON text each. */
export async function captureLogs(clock: VirtualClock): Promise<string[]> {
  const lines: string[] = [];
  await configureLogging({ format: "json", level: "debug", clock, write: (line) => lines.push(line) });
  return lines;
}
