import { sleep, systemClock as clock } from "../../lib/util/clock/mod.ts";

/** Part of all processors' time, from 0 to 1, that is in use during a second; undefined where nothing tells (not Linux). */
export async function machineLoad(signal: AbortSignal): Promise<number | undefined> {
  const before = await readTimes();
  await sleep(clock, 1_000, signal);
  const after = await readTimes();
  if (before === undefined || after === undefined) return undefined;
  return (after.busy - before.busy) / Math.max(after.total - before.total, 1);
}

async function readTimes(): Promise<ProcessorTimes | undefined> {
  try {
    return parseTimes(await Deno.readTextFile("/proc/stat"));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** What all processors have done since the machine's start, in clock ticks. */
export interface ProcessorTimes {
  readonly busy: number;
  readonly total: number;
}

/** The first line of /proc/stat. */
export function parseTimes(text: string): ProcessorTimes {
  const [user = 0, nice = 0, system = 0, idle = 0, wait = 0, hard = 0, soft = 0, steal = 0] =
    text.split("\n")[0]?.split(/ +/).slice(1).map(Number) ?? [];
  const busy = user + nice + system + hard + soft + steal;
  return { busy, total: busy + idle + wait };
}
