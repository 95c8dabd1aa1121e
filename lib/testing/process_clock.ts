import type { Clock } from "../util/clock/mod.ts";

/** One process's view of the common time: its wall clock may be off, and while it is frozen its timers do not fire. */
export class ProcessClock implements Clock {
  readonly #clock: Clock;
  readonly #skew: number;
  /** What became due in frozen state; undefined while the process runs. */
  #due: (() => void)[] | undefined;
  /** Monotonic time that went by in frozen state and did not count, as in a suspended machine. */
  #suspended = 0;
  #frozenSince = 0;

  /** @param skew milliseconds that the process's wall clock is ahead of `clock`. */
  constructor(clock: Clock, skew = 0) {
    this.#clock = clock;
    this.#skew = skew;
  }

  /** Do timers not fire? */
  get frozen(): boolean {
    return this.#due !== undefined;
  }

  now(): number {
    return this.#clock.now() + this.#skew;
  }

  monotonic(): number {
    return this.#clock.monotonic() - this.#suspended;
  }

  timer(ms: number, callback: () => void): Disposable {
    let cancelled = false;
    const timer = this.#clock.timer(ms, () => {
      if (this.#due === undefined) callback();
      else this.#due.push(() => cancelled || callback());
    });
    return {
      [Symbol.dispose]: () => {
        cancelled = true;
        timer[Symbol.dispose]();
      },
    };
  }

  /** From now on no timer of the process fires. */
  freeze(): void {
    if (this.#due !== undefined) return;
    this.#due = [];
    this.#frozenSince = this.#clock.monotonic();
  }

  /**
   * The process goes on: all that became due meanwhile happens at once, in the order in which it became due.
   * @param suspended the monotonic clock stood still meanwhile, as when the whole machine was suspended.
   */
  thaw(suspended = false): void {
    const due = this.#due ?? [];
    if (this.#due !== undefined && suspended) this.#suspended += this.#clock.monotonic() - this.#frozenSince;
    this.#due = undefined;
    for (const callback of due) callback();
  }
}
