import { RateLimiter } from "../../lib/k8s/client/rate_limiter.ts";
import { brakesOf } from "../../lib/sharding/brakes.ts";
import type { ControllerRing } from "../../lib/sharding/ring_types.ts";
import type { Clock } from "../../lib/util/clock/mod.ts";

/**
 * Lets moves go at a limited rate: a token bucket that holds the moves of one second, at least one. The limit may change
 * at any time; who waits under an old one is sent away, to ask again.
 */
export class MoveLimit {
  readonly #clock: Clock;
  readonly #rate: () => number | undefined;
  #limiter: { readonly rate: number; readonly bucket: RateLimiter } | undefined;
  #waiting = new AbortController();

  /** @param rate the most moves in a second as of now; undefined for no limit. */
  constructor(clock: Clock, rate: () => number | undefined) {
    this.#clock = clock;
    this.#rate = rate;
  }

  /** Are moves limited now? */
  get isSet(): boolean {
    return this.#rate() !== undefined;
  }

  /**
   * Waits for a move's turn. False when there shall be none now, as {@link sendAway} was called.
   * @throws the signal's reason when it aborts first.
   */
  async turn(signal: AbortSignal): Promise<boolean> {
    const rate = this.#rate();
    if (rate === undefined) return true;
    if (this.#limiter?.rate !== rate) {
      this.#limiter = { rate, bucket: new RateLimiter({ qps: rate, burst: Math.max(1, rate), clock: this.#clock }) };
    }
    const waiting = this.#waiting.signal;
    if (waiting.aborted) return false;
    try {
      await this.#limiter.bucket.acquire(AbortSignal.any([signal, waiting]));
      return true;
    } catch (error) {
      signal.throwIfAborted();
      if (!waiting.aborted) throw error;
      return false;
    }
  }

  /**
   * Has a move wait for something else before its turn, but no longer than until {@link sendAway} is called.
   * @throws the signal's reason when it aborts first, and what the wait throws.
   */
  async hold(wait: (signal: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<void> {
    const waiting = this.#waiting.signal;
    if (waiting.aborted) return;
    try {
      await wait(AbortSignal.any([signal, waiting]));
    } catch (error) {
      signal.throwIfAborted();
      if (!waiting.aborted) throw error;
    }
  }

  /** Sends away everybody who waits, and who comes until {@link open}: something else has to be done first. */
  sendAway(): void {
    this.#waiting.abort();
  }

  /** Lets moves have turns again. */
  open(): void {
    if (this.#waiting.signal.aborted) this.#waiting = new AbortController();
  }
}

/** The limit of a ring, or the usual one where it has none; undefined for no limit, which 0 says in the configuration. */
export function movesPerSecondOf(ring: ControllerRing | undefined, usual = 0): number | undefined {
  const limit = (ring === undefined ? undefined : brakesOf(ring).movesPerSecond) ?? usual;
  return limit === 0 ? undefined : limit;
}
