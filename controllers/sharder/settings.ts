/** Limits and periods of the sharder. */
export interface SharderSettings {
  /** Everything is looked at again after so long, in milliseconds. */
  readonly syncPeriod: number;
  /** Most objects of a ring that are written at the same time. */
  readonly concurrentMoves: number;
  /** Most objects that one shard may have been asked to let go of. */
  readonly maxPendingDrains: number;
  /** A shard that has not let go of an object after so long is reported, in milliseconds. @default 300,000 */
  readonly drainDeadline?: number;
  /** Most objects of a ring that are asked to leave a live shard in a second, where the ring has no limit; 0 for none. */
  readonly movesPerSecond?: number;
  /** Namespaced children of cluster-scoped owners go where the reference's sharder wants them. @default false */
  readonly referenceKeys?: boolean;
  /** The only namespaces in which Leases of shards may be read. @default all */
  readonly leaseNamespaces?: readonly string[];
  /** Most children of a ring that are kept aside until their owners have moved. @default 30,000 */
  readonly maxChildrenAside?: number;
}
