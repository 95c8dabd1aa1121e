/**
 * Since when has a watch gone on without a notable gap? A gap begins when something was last heard on a connection
 * that then turned out to be dead, not when that was noticed. Times are monotonic milliseconds.
 */
export class Continuity {
  readonly #tolerance: number;
  #since: number | undefined;
  /** Undefined while the watch is connected. */
  #gapSince: number | undefined;

  /** @param tolerance gaps up to so many milliseconds do not count. */
  constructor(tolerance: number) {
    this.#tolerance = tolerance;
  }

  /** Changes come from now on. */
  connected(now: number): void {
    this.#since = this.since(now) ?? now;
    this.#gapSince = undefined;
  }

  /** Changes no longer come since then. */
  interrupted(since: number): void {
    this.#gapSince ??= since;
  }

  /** The beginning of the time without gaps; undefined when the watch is in one, or never was connected. */
  since(now: number): number | undefined {
    return this.#gapSince !== undefined && now - this.#gapSince > this.#tolerance ? undefined : this.#since;
  }
}
