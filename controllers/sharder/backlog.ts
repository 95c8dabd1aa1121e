import type { PassKind, PassResult } from "./pass.ts";
import type { PendingDrains } from "./pending_drains.ts";

/** What the last passes had to leave undone. */
export class Backlog {
  #congested: ReadonlySet<string> = new Set();
  #unjudged = 0;
  #braked = 0;

  /** Notes what a pass has left. */
  note(kind: PassKind, { unjudged, congested, paused, limited }: PassResult): void {
    this.#unjudged = unjudged.size;
    // Only a pass over everything meets objects of live shards.
    if (kind !== "all") return;
    this.#congested = congested;
    this.#braked = paused + limited;
  }

  /** Nothing is left. */
  get isEmpty(): boolean {
    return this.#congested.size === 0 && this.#unjudged === 0 && this.#braked === 0;
  }

  /**
   * Has a shard that had as many drains pending as it may let go of half of them by now, so that it can be asked for
   * more? The answer is given once.
   */
  takeRelieved(pending: PendingDrains, maxPendingDrains: number): boolean {
    const isRelieved = [...this.#congested].some((shard) => pending.countOf(shard) <= maxPendingDrains / 2);
    if (isRelieved) this.#congested = new Set();
    return isRelieved;
  }
}
