import type { Clock } from "../../../lib/util/clock/mod.ts";
import type { LeavingResult } from "./look_result.ts";

/** What one look has found was labelled before; a second one, so long after it, finds what was on its way then. */
const secondLook = 10_000;

/** The shortest pause while objects wait, in milliseconds. */
const shortestPause = 1_000;

/** The longest one, in milliseconds: shards that do not let go are asked for no oftener in the end. */
const longestPause = 30_000;

/** A look that took long is followed by a pause so many times as long. */
const restFactor = 5;

/** When to look at the objects that leave a ring, and when there are none. */
export class LeavingSchedule {
  readonly #clock: Pick<Clock, "monotonic">;
  #nextAt = -Infinity;
  #emptyAt: number | undefined;
  /** Since when objects wait. */
  #since: number | undefined;
  #pause = shortestPause;
  #waiting = 0;
  /** One empty look is not enough: requests may be on their way that label objects as they should before a change. */
  #isCareful = true;
  #revision = 0;

  constructor(clock: Pick<Clock, "monotonic">) {
    this.#clock = clock;
  }

  /** Changes with each {@link begin}. */
  get revision(): number {
    return this.#revision;
  }

  /** Something may have left: looks from here on count, those under way do not. */
  begin(): void {
    this.#revision++;
    this.#isCareful = true;
    this.#emptyAt = undefined;
    this.#nextAt = -Infinity;
  }

  /** What waits may go on. */
  hurry(): void {
    if (this.#since !== undefined) this.#nextAt = -Infinity;
  }

  /** Milliseconds until it is time to look; 0 when it is. */
  pause(): number {
    return Math.max(this.#nextAt - this.#clock.monotonic(), 0);
  }

  /** For how long there have been objects without an end, in milliseconds. */
  lasts(): number {
    return this.#since === undefined ? 0 : this.#clock.monotonic() - this.#since;
  }

  /**
   * Notes a look.
   * @param begin when it began, in monotonic milliseconds, and `revision` as it was then
   * @returns true when nothing is left
   */
  looked(result: LeavingResult, begin: number, revision: number): boolean {
    const now = this.#clock.monotonic();
    if (!result.isEmpty) {
      this.#isCareful = true;
      this.#emptyAt = undefined;
      this.#since ??= begin;
      const rest = Math.min(Math.max((now - begin) * restFactor, shortestPause), longestPause);
      const isStuck = result.written === 0 && result.waiting === this.#waiting;
      this.#pause = isStuck ? Math.min(Math.max(this.#pause * 2, rest), longestPause) : rest;
      this.#waiting = result.waiting;
      if (revision === this.#revision) this.#nextAt = now + this.#pause;
      return false;
    }
    this.#since = undefined;
    if (revision !== this.#revision) return false;
    const isEnough = !this.#isCareful || this.#emptyAt !== undefined;
    this.#emptyAt = isEnough ? undefined : now;
    this.#nextAt = isEnough ? -Infinity : now + secondLook;
    if (isEnough) this.#isCareful = false;
    return isEnough;
  }
}
