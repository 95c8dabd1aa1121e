import type { Clock } from "../../util/clock/mod.ts";

interface Waiter {
  readonly go: () => void;
}

/**
 * A token bucket: `qps` requests a second on average, up to `burst` at once. Waiters go in the order in which they
 * came.
 */
export class RateLimiter {
  readonly #qps: number;
  readonly #burst: number;
  readonly #clock: Clock;
  /** In order of arrival; a Set keeps it and forgets an aborted waiter at once. */
  readonly #waiters = new Set<Waiter>();
  #tokens: number;
  #filledAt: number;
  #timer: Disposable | undefined;

  /** @throws RangeError when a limit is not positive or the burst is below 1. */
  constructor(options: { readonly qps: number; readonly burst: number; readonly clock: Clock }) {
    const { qps, burst, clock } = options;
    if (!(qps > 0) || !(burst >= 1)) {
      throw new RangeError(`a rate limit needs qps > 0 and burst >= 1: qps is ${qps}, burst is ${burst}`);
    }
    this.#qps = qps;
    this.#burst = burst;
    this.#clock = clock;
    this.#tokens = burst;
    this.#filledAt = clock.monotonic();
  }

  /**
   * Resolves when one more request may go.
   * @throws the signal's reason when it aborts first; the turn then falls to the next.
   */
  acquire(signal?: AbortSignal): Promise<void> {
    if (signal?.aborted === true) return Promise.reject(signal.reason);
    if (this.#waiters.size === 0 && this.#take()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const aborted = (): void => {
        this.#waiters.delete(waiter);
        if (this.#waiters.size === 0) this.#stopTimer();
        reject(signal?.reason);
      };
      const waiter: Waiter = {
        go: () => {
          signal?.removeEventListener("abort", aborted);
          resolve();
        },
      };
      this.#waiters.add(waiter);
      signal?.addEventListener("abort", aborted, { once: true });
      this.#arm();
    });
  }

  #take(): boolean {
    const now = this.#clock.monotonic();
    this.#tokens = Math.min(this.#burst, this.#tokens + ((now - this.#filledAt) / 1_000) * this.#qps);
    this.#filledAt = now;
    // Sums of fractions end up a hair below the whole number.
    if (this.#tokens < 1 - 1e-9) return false;
    this.#tokens -= 1;
    return true;
  }

  #arm(): void {
    if (this.#timer !== undefined || this.#waiters.size === 0) return;
    this.#timer = this.#clock.timer(((1 - this.#tokens) / this.#qps) * 1_000, () => {
      this.#timer = undefined;
      for (const waiter of this.#waiters) {
        if (!this.#take()) break;
        this.#waiters.delete(waiter);
        waiter.go();
      }
      this.#arm();
    });
  }

  #stopTimer(): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
  }
}
