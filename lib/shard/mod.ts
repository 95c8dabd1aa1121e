/**
 * The shard's side of controller sharding: `runShard()` does everything with one call, and its parts can be used on
 * their own.
 */
export { runShard, type ShardConnection, type ShardOptions } from "./run_shard.ts";
export { Shard, type ShardCacheOptions, type ShardedController } from "./shard.ts";
export type { ShardEvents, ShardGroup, ShardObservers, ShardParts } from "./shard_parts.ts";
export type { ShardCache } from "./shard_cache.ts";
export {
  defaultLeaseNamespace,
  defaultShardName,
  ShardConfigurationError,
  type ShardEnvironment,
} from "./shard_environment.ts";
export { createShardLease, defaultShardTiming, type ShardLeaseOptions } from "./shard_lease.ts";
export { GuardedClient, type GuardedClientParts, ShardFencedError } from "./guarded_client.ts";
export { type Ownership, ownershipOf, type ShardIdentity, shardSelector } from "./shard_labels.ts";
export type { ReconcileCall, ReconcileObserver } from "./reconcile_observer.ts";
export { shardPredicate } from "./shard_predicate.ts";
export {
  type ShardContext,
  shardedReconciler,
  type ShardedReconcilerParts,
  type ShardReconcile,
} from "./sharded_reconciler.ts";
export { acknowledgeDrains, type DrainParts } from "./drain_acknowledgement.ts";
export { KeyGate, type KeyUse } from "./key_gate.ts";
export { WakeSource } from "./wake_source.ts";
