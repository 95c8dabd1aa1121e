import type { RingView } from "../../../lib/sharding/ring_view.ts";
import type { PassKind } from "./pass_scope.ts";

/** So many passes of a kind in a row may end early. The next one does not, however often shards come and go. */
const mostInRow = 5;

/** Tells passes when a shard is gone that was at work when they began. */
export class Outdating {
  readonly #inRow = new Map<PassKind, number>();

  /**
   * For a pass that begins. Views are immutable, so each is looked at once.
   * @param begin the shards as they are now
   * @param present the shards whenever it is called; undefined when there is no ring any more
   * @returns is one of them gone?
   */
  of(kind: PassKind, begin: RingView, present: () => RingView | undefined): () => boolean {
    if ((this.#inRow.get(kind) ?? 0) >= mostInRow) return () => false;
    const names = begin.liveNames();
    let seen: RingView = begin;
    let isLost = false;
    return () => {
      const view = present();
      if (isLost || view === undefined || view === seen) return isLost;
      seen = view;
      const live = new Set(view.liveNames());
      isLost = names.some((name) => !live.has(name));
      return isLost;
    };
  }

  /** Notes how a pass ended. */
  note(kind: PassKind, isOutdated: boolean): void {
    this.#inRow.set(kind, isOutdated ? (this.#inRow.get(kind) ?? 0) + 1 : 0);
  }
}
