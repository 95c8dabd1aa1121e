import { sleep, systemClock } from "../../../lib/util/clock/mod.ts";

/** Time between two batches, in milliseconds. */
const tick = 50;

/**
 * Does something at a steady rate, as far as it can be done that fast: what is late is made up for.
 * @param work is given a number from 0; at most `concurrency` run at a time.
 * @returns how often it was done.
 */
export async function paced(
  options: {
    readonly perSecond: number;
    readonly seconds: number;
    readonly concurrency: number;
    readonly signal: AbortSignal;
  },
  work: (index: number, worker: number) => Promise<void>,
): Promise<number> {
  const { perSecond, seconds, concurrency, signal } = options;
  const begin = performance.now();
  const end = begin + seconds * 1_000;
  let next = 0;
  const worker = async (id: number): Promise<void> => {
    while (performance.now() < end) {
      if (next < (performance.now() - begin) / 1_000 * perSecond) await work(next++, id);
      else await sleep(systemClock, tick, signal);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, (_, id) => worker(id)));
  return next;
}
