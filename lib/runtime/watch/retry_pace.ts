import { ApiError, isOverloaded } from "../../k8s/errors.ts";
import { Backoff } from "../../util/backoff.ts";
import type { Clock } from "../../util/clock/mod.ts";
import type { Random } from "../../util/random.ts";

/** Failures this far apart (ms) have nothing to do with each other (client-go and kube-rs: 2 minutes). */
const calm = 120_000;
/** A stream that lasted so long (ms) and then ended did not end in haste. */
const unhurried = 5_000;
/** No server's Retry-After is followed for longer (ms): a watch that pauses for hours looks like one that works. */
const longestRetryAfter = 120_000;

/** How long to wait before the next connection: 0.8 s growing to 30 s, with jitter, and again from 0.8 s after a calm time. */
export class RetryPace {
  readonly #clock: Clock;
  readonly #backoff: Backoff;
  #last = -Infinity;

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#backoff = new Backoff({ initial: 800, max: 30_000 }, random);
  }

  /** Milliseconds to wait after a failure; at least what the server asked for. */
  afterFailure(error: unknown): number {
    this.#resetWhenCalm();
    const wish = error instanceof ApiError && isOverloaded(error) ? error.status.retryAfterSeconds ?? 0 : 0;
    return Math.max(this.#backoff.next(), Math.min(wish * 1_000, longestRetryAfter));
  }

  /**
   * Milliseconds to wait after something that is no failure if it happens now and then, such as the end of a watch or
   * a version that became too old: nothing the first time, but no tight loop when it happens again and again.
   * @param lasted milliseconds for which the connection had worked.
   */
  afterEnd(lasted: number): number {
    if (lasted >= unhurried) return 0;
    const first = this.#resetWhenCalm();
    return first ? 0 : this.#backoff.next();
  }

  #resetWhenCalm(): boolean {
    const now = this.#clock.monotonic();
    const wasCalm = now - this.#last > calm;
    if (wasCalm) this.#backoff.reset();
    this.#last = now;
    return wasCalm;
  }
}
