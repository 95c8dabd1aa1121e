import type { RingView } from "../../../lib/sharding/ring_view.ts";

/** So many passes in a row may end early. The next one does not: shards that come and go shall not keep it from its end. */
const mostInRow = 5;

/** Tells passes when a shard is gone that was at work when they began. */
export class Outdating {
  #inRow = 0;

  /**
   * For a pass that begins. Views are immutable, so each is looked at once.
   * @param begin the shards as they are now
   * @param present the shards whenever it is called; undefined when there is no ring any more
   * @returns is one of them gone?
   */
  of(begin: RingView, present: () => RingView | undefined): () => boolean {
    if (this.#inRow >= mostInRow) return () => false;
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

  /** Notes how a pass ended that could have ended early. */
  note(isOutdated: boolean): void {
    this.#inRow = isOutdated ? this.#inRow + 1 : 0;
  }
}
