import { type Clock, systemClock } from "../../../lib/util/clock/mod.ts";

/** How often it goes on, in milliseconds. */
const tick = 20;
/** By so much at most. */
const most = 200;

/**
 * A defect to plant: a clock that stands still while its process is frozen, so that a shard which thaws takes its Lease for
 * good although it was taken over. Timers are the machine's.
 */
export function standingClock(): Clock {
  const start = { now: systemClock.now(), monotonic: systemClock.monotonic() };
  let [passed, last] = [0, start.monotonic];
  const go = (): void => {
    const now = systemClock.monotonic();
    passed += Math.min(now - last, most);
    last = now;
    systemClock.timer(tick, go);
  };
  go();
  return {
    now: () => start.now + passed,
    monotonic: () => start.monotonic + passed,
    timer: (ms, callback) => systemClock.timer(ms, callback),
  };
}
