import type { RingView } from "../sharding/ring_view.ts";
import { BoundedQueue } from "../util/bounded_queue.ts";

/** What changed about a ring. */
export type RingChangeKind =
  /** The ring is new (or was there when the subscription began), its spec changed, or it is being deleted. */
  | "spec"
  /** A shard's status changed, or a shard appeared or disappeared. */
  | "membership"
  /** A namespace became part of the ring, or ceased to be. */
  | "scope"
  /** From now on a label that names no shard may be called bogus. */
  | "judgement"
  /** The ring does not exist any more. */
  | "gone";

/** Something about a ring changed. It is a hint to look again: the present is in the ring's snapshot. */
export interface RingChange {
  readonly ring: string;
  readonly kind: RingChangeKind;
  /** Shards that are given new objects from now on: objects may have to come to them. */
  readonly joined: readonly string[];
  /** Shards that are not available any more: their objects have no live owner. */
  readonly left: readonly string[];
  /** The namespace, of a change of scope. */
  readonly namespace?: string;
}

/** Passes changes on to any number of subscribers. */
export class ChangeFeed {
  readonly #subscribers = new Set<BoundedQueue<RingChange>>();
  #closed = false;

  publish(change: RingChange): void {
    for (const queue of this.#subscribers) queue.push(change);
  }

  /** First the changes in `initial`, then those that are published. Ends with the signal, or when the feed closes. */
  async *subscribe(
    initial: () => Iterable<RingChange>,
    signal: AbortSignal,
  ): AsyncGenerator<RingChange, void, undefined> {
    const queue = new BoundedQueue<RingChange>();
    const close = (): void => queue.close();
    // In one turn, so that nothing is lost or told twice between the two.
    for (const change of initial()) queue.push(change);
    this.#subscribers.add(queue);
    signal.addEventListener("abort", close, { once: true });
    if (signal.aborted || this.#closed) close();
    try {
      for await (const change of queue) {
        if (signal.aborted) return;
        yield change;
      }
    } finally {
      signal.removeEventListener("abort", close);
      this.#subscribers.delete(queue);
    }
  }

  /** Ends all subscriptions after what they have waiting. */
  close(): void {
    this.#closed = true;
    for (const queue of this.#subscribers) queue.close();
  }
}

/** A change that is not about single shards. */
export function changeOf(ring: string, kind: RingChangeKind): RingChange {
  return { ring, kind, joined: [], left: [] };
}

/** How a ring's shards have changed from one view to the next. */
export function differences(before: RingView, after: RingView): RingChange {
  const assignable = new Set(before.assignable.shards);
  const live = new Set(after.liveNames());
  return {
    ...changeOf(after.ring, "membership"),
    joined: after.assignable.shards.filter((shard) => !assignable.has(shard)),
    left: before.liveNames().filter((shard) => !live.has(shard)),
  };
}
