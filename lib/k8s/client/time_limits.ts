import type { Clock } from "../../util/clock/mod.ts";

interface Limit {
  readonly due: number;
  readonly expired: () => void;
}

/**
 * Time limits of one length. One timer does for all that run at the same time: with one for each, timers cost a busy
 * client a tenth of its CPU time, and hardly any of them ever fires.
 */
export class TimeLimits {
  /** Each of the limits, in milliseconds. */
  readonly length: number;
  readonly #clock: Clock;
  /** In the order in which they began, and so in that in which they end. */
  readonly #running = new Set<Limit>();
  #timer: Disposable | undefined;

  constructor(clock: Clock, length: number) {
    this.#clock = clock;
    this.length = length;
  }

  /** Begins one. @param expired is called when its time is over, unless the result is disposed before. */
  begin(expired: () => void): Disposable {
    const limit: Limit = { due: this.#clock.monotonic() + this.length, expired };
    this.#running.add(limit);
    this.#timer ??= this.#arm(this.length);
    return { [Symbol.dispose]: () => this.#end(limit) };
  }

  #end(limit: Limit): void {
    if (!this.#running.delete(limit) || this.#running.size > 0) return;
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
  }

  #arm(ms: number): Disposable {
    return this.#clock.timer(ms, () => {
      this.#timer = undefined;
      for (const limit of this.#running) {
        const left = limit.due - this.#clock.monotonic();
        if (left > 0) {
          // What expired before may have begun new ones.
          this.#timer ??= this.#arm(left);
          return;
        }
        this.#running.delete(limit);
        limit.expired();
      }
    });
  }
}
