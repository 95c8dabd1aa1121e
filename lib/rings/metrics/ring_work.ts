import type { GroupResource } from "../../k8s/api/resource.ts";

/** A number for one resource of a ring, and one shard. */
export interface ShardCount extends GroupResource {
  readonly shard: string;
  readonly count: number;
}

/** Drains that a shard has not acknowledged yet. */
export interface DrainCount extends ShardCount {
  /** Age of the oldest, in seconds. */
  readonly oldest: number;
}

/** Objects that stay on a live shard although another should have them, by why, as of the last look at all of them. */
export interface HeldBack {
  /** The ring is paused. */
  readonly pause: number;
  /** The ring has moved enough for now. */
  readonly limit: number;
  /** Their shards have as many drains pending as they may have. */
  readonly drains: number;
}

/** What the leader knows of a ring's objects at this moment. */
export interface RingWork {
  readonly ring: string;
  /** Objects with a live owner: as the last look at all of them counted, with the moves since then. */
  readonly objects: readonly ShardCount[];
  /** Objects without one. */
  readonly ownerless: readonly (GroupResource & { readonly count: number })[];
  readonly drains: readonly DrainCount[];
  readonly heldBack: HeldBack;
  /** For how long objects have not all been where they belong after a change of the shards; 0 when they are. In seconds. */
  readonly unsettled: number;
}

/** What looks after the objects of rings, while it does. */
export interface RingWorkSource {
  work(): Iterable<RingWork>;
}
