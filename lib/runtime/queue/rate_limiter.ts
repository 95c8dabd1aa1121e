import type { Clock } from "../../util/clock/mod.ts";

/** Decides how long a key waits before it is tried again. */
export interface RateLimiter<K extends string = string> {
  /** Counts one more try of the key and returns the milliseconds that it has to wait. */
  next(key: K): number;
  /** The key succeeded, or is given up: its tries count no more. */
  forget(key: K): void;
  /** How many tries of the key count. */
  retries(key: K): number;
}

/** Settings of an {@link ExponentialLimiter}. */
export interface ExponentialLimiterOptions {
  /** First waiting time in milliseconds. @default 5 */
  readonly initial?: number;
  /** Longest waiting time in milliseconds. @default 1_000_000 */
  readonly max?: number;
}

/** Each key waits twice as long from failure to failure, without regard to the others. */
export class ExponentialLimiter<K extends string = string> implements RateLimiter<K> {
  readonly #initial: number;
  readonly #max: number;
  readonly #failures = new Map<K, number>();

  /**
   * Every key starts with the first waiting time.
   * @throws RangeError when a waiting time is not positive or the longest is shorter than the first.
   */
  constructor(options: ExponentialLimiterOptions = {}) {
    const { initial = 5, max = 1_000_000 } = options;
    if (!(initial > 0) || !(max >= initial)) {
      throw new RangeError(`a rate limiter needs 0 < initial <= max: initial is ${initial} ms, max is ${max} ms`);
    }
    this.#initial = initial;
    this.#max = max;
  }

  next(key: K): number {
    const failures = this.retries(key);
    this.#failures.set(key, failures + 1);
    return Math.min(this.#initial * 2 ** failures, this.#max);
  }

  forget(key: K): void {
    this.#failures.delete(key);
  }

  retries(key: K): number {
    return this.#failures.get(key) ?? 0;
  }
}

/** Settings of a {@link BucketLimiter}. */
export interface BucketLimiterOptions {
  /** Retries a second in the long run. @default 10 */
  readonly rate?: number;
  /** Retries that may follow each other at once after a quiet time. @default 100 */
  readonly burst?: number;
  /** Fills the bucket. */
  readonly clock: Clock;
}

/** One token bucket for all keys together: each retry reserves a token, also one that comes only later. */
export class BucketLimiter<K extends string = string> implements RateLimiter<K> {
  readonly #rate: number;
  readonly #burst: number;
  readonly #clock: Clock;
  #tokens: number;
  #counted: number;

  /**
   * The bucket is full at first.
   * @throws RangeError when rate or burst is not positive.
   */
  constructor(options: BucketLimiterOptions) {
    const { rate = 10, burst = 100, clock } = options;
    if (!(rate > 0) || !(burst > 0)) {
      throw new RangeError(`a token bucket needs a positive rate and burst: rate is ${rate}, burst is ${burst}`);
    }
    this.#rate = rate;
    this.#burst = burst;
    this.#clock = clock;
    this.#tokens = burst;
    this.#counted = clock.monotonic();
  }

  next(_key: K): number {
    this.#earn();
    this.#tokens--;
    return this.#tokens >= 0 ? 0 : -this.#tokens / this.#rate * 1_000;
  }

  /** Takes a token if there is one now, for what is dropped rather than put off. */
  tryNext(): boolean {
    this.#earn();
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }

  forget(_key: K): void {}

  retries(_key: K): number {
    return 0;
  }

  #earn(): void {
    const now = this.#clock.monotonic();
    const earned = (now - this.#counted) / 1_000 * this.#rate;
    this.#counted = now;
    this.#tokens = Math.min(this.#burst, this.#tokens + earned);
  }
}

/** Several limiters as one: each counts the try, the longest waiting time holds. */
export class MaxOfLimiters<K extends string = string> implements RateLimiter<K> {
  readonly #limiters: readonly RateLimiter<K>[];

  /**
   * Asks several limiters.
   * @param limiters each keeps count of its own.
   */
  constructor(...limiters: readonly RateLimiter<K>[]) {
    this.#limiters = limiters;
  }

  next(key: K): number {
    return Math.max(0, ...this.#limiters.map((limiter) => limiter.next(key)));
  }

  forget(key: K): void {
    for (const limiter of this.#limiters) limiter.forget(key);
  }

  retries(key: K): number {
    return Math.max(0, ...this.#limiters.map((limiter) => limiter.retries(key)));
  }
}

/**
 * The limiter that controllers use unless told otherwise, with client-go's numbers: per key 5 ms doubling up to
 * 1000 s, and over all keys 10 a second with a burst of 100.
 */
export function defaultLimiter<K extends string = string>(clock: Clock): RateLimiter<K> {
  return new MaxOfLimiters<K>(new ExponentialLimiter<K>(), new BucketLimiter<K>({ clock }));
}
