import type { Clock } from "./clock.ts";

/** The longest delay that the runtime's timers take; longer ones are chained. */
const longestTimer = 2 ** 31 - 1;

/** The machine's own time. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  timer(ms: number, callback: () => void): Disposable {
    let handle: ReturnType<typeof setTimeout>;
    function arm(remaining: number): void {
      const step = Math.min(Math.max(remaining, 0), longestTimer);
      handle = setTimeout(() => remaining > step ? arm(remaining - step) : callback(), step);
    }
    arm(ms);
    return { [Symbol.dispose]: () => clearTimeout(handle) };
  },
};
