import { jitter, type Random } from "./random.ts";

/** How waiting times grow from failure to failure. */
export interface BackoffOptions {
  /** First waiting time in milliseconds. */
  readonly initial: number;
  /** Longest waiting time in milliseconds, before jitter. */
  readonly max: number;
  /** Each waiting time is the last one times this. @default 2 */
  readonly factor?: number;
  /** A random part of up to this share is added. @default 0.5 */
  readonly jitter?: number;
}

/** Exponential backoff: `next()` after each failure, `reset()` after a success. */
export class Backoff {
  readonly #options: Required<BackoffOptions>;
  readonly #random: Random;
  #failures = 0;

  /** @throws RangeError when a waiting time is not positive or the longest is shorter than the first. */
  constructor(options: BackoffOptions, random: Random) {
    const { initial, max, factor = 2, jitter = 0.5 } = options;
    if (!(initial > 0) || !(max >= initial)) {
      throw new RangeError(`backoff needs 0 < initial <= max: initial is ${initial} ms, max is ${max} ms`);
    }
    this.#options = { initial, max, factor, jitter };
    this.#random = random;
  }

  /** Failures since the beginning or the last reset. */
  get failures(): number {
    return this.#failures;
  }

  /** The next waiting time in milliseconds. */
  next(): number {
    const { initial, max, factor, jitter: share } = this.#options;
    const base = Math.min(initial * factor ** this.#failures, max);
    this.#failures++;
    return jitter(this.#random, base, share);
  }

  /** Begins again with the first waiting time. */
  reset(): void {
    this.#failures = 0;
  }
}
