import { type Clock, sleep } from "../util/clock/mod.ts";

/** Waits until the promise has settled, but at most `ms` milliseconds. True when it has. Never rejects. */
export async function settledWithin(clock: Clock, ms: number, promise: Promise<unknown>): Promise<boolean> {
  const settled = new AbortController();
  const done = promise.then(() => true, () => true).finally(() => settled.abort());
  const late = sleep(clock, ms, settled.signal).then(() => false, () => true);
  return await Promise.race([done, late]);
}
