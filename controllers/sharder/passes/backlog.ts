import type { HeldBack } from "../../../lib/rings/metrics/mod.ts";
import type { Families } from "../families/families.ts";
import type { PassResult, PassScope } from "./pass.ts";
import type { PendingDrains } from "../drains/pending_drains.ts";

/** What the last passes had to leave undone. */
export class Backlog {
  readonly #congested = new Map<string, number>();
  #unjudged = 0;
  #paused = 0;
  #limited = 0;
  #overflowed = false;

  /** Notes what a pass has left. */
  note(scope: PassScope, { unjudged, congested, paused, limited, overflowed }: PassResult): void {
    if (scope.type === "all") this.#overflowed = overflowed;
    else this.#overflowed ||= overflowed;
    switch (scope.type) {
      case "ownerless":
        this.#unjudged = unjudged.size;
        return;
      case "all":
        this.#unjudged = unjudged.size;
        this.#paused = paused;
        this.#limited = limited;
        this.#congested.clear();
        break;
      case "shards":
        for (const shard of scope.shards) this.#congested.delete(shard);
        break;
      case "draining":
      case "objects":
        break;
    }
    for (const [shard, count] of congested) {
      this.#congested.set(shard, Math.max(count, this.#congested.get(shard) ?? 0));
    }
  }

  /** Nothing is left. */
  get isEmpty(): boolean {
    return this.#congested.size === 0 && this.#unjudged === 0 && this.#paused === 0 && this.#limited === 0 &&
      !this.#overflowed;
  }

  /** Objects that the last passes left on their shards. */
  get heldBack(): HeldBack {
    let drains = 0;
    for (const count of this.#congested.values()) drains += count;
    return { pause: this.#paused, limit: this.#limited, drains };
  }

  /**
   * Shards that had as many drains pending as they may and have let go of half of them by now, so that they can be
   * asked for more. Each is told once.
   */
  takeRelieved(pending: PendingDrains, maxPendingDrains: number): readonly string[] {
    const relieved = [...this.#congested.keys()].filter((shard) => pending.countOf(shard) <= maxPendingDrains / 2);
    for (const shard of relieved) this.#congested.delete(shard);
    return relieved;
  }

  /**
   * Are there children that found no room beside those that wait for their owners, and is half of the room free by now?
   * The answer is given once.
   */
  takeRoom({ size }: Pick<Families, "size">, maxChildrenAside: number): boolean {
    if (!this.#overflowed || size > maxChildrenAside / 2) return false;
    this.#overflowed = false;
    return true;
  }
}
