import type { Clock, VirtualClock } from "../../../../lib/util/clock/mod.ts";

/** One machine's view of the common time: its wall clock is off, and its process can be frozen. */
export class FreezableClock implements Clock {
  readonly #clock: VirtualClock;
  readonly #skew: number;
  #frozen: (() => void)[] | undefined;
  /** Monotonic time that went by in frozen state and did not count, as in a suspended machine. */
  #suspended = 0;
  #frozenSince = 0;

  /** @param skew milliseconds that this machine's wall clock is ahead. */
  constructor(clock: VirtualClock, skew = 0) {
    this.#clock = clock;
    this.#skew = skew;
  }

  get frozen(): boolean {
    return this.#frozen !== undefined;
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
      if (this.#frozen === undefined) callback();
      else this.#frozen.push(() => cancelled || callback());
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
    this.#frozen ??= [];
    this.#frozenSince = this.#clock.monotonic();
  }

  /** The process goes on: all that became due meanwhile happens at once. */
  thaw(suspended: boolean): void {
    const due = this.#frozen ?? [];
    if (this.#frozen !== undefined && suspended) this.#suspended += this.#clock.monotonic() - this.#frozenSince;
    this.#frozen = undefined;
    for (const callback of due) callback();
  }
}
