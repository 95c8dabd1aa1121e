import type { KubeObject } from "../k8s/types.ts";
import { drainLabel, shardLabel } from "../sharding/names.ts";

/** Which shard of which ring this process is. */
export interface ShardIdentity {
  /** Name of the ControllerRing. */
  readonly ring: string;
  /** Name of the shard, which is also that of its Lease. */
  readonly shard: string;
}

/**
 * What an object is to a shard:
 * - "ours": to be reconciled;
 * - "draining": to be let go of, as soon as no work on it is going on;
 * - "foreign": another shard's, or nobody's.
 */
export type Ownership = "ours" | "draining" | "foreign";

/** What this object is to the shard, by its labels. */
export function ownershipOf({ metadata }: Pick<KubeObject, "metadata">, identity: ShardIdentity): Ownership {
  const { labels = {} } = metadata;
  if (labels[shardLabel(identity.ring)] !== identity.shard) return "foreign";
  return labels[drainLabel(identity.ring)] === undefined ? "ours" : "draining";
}

/** Selects a shard's own objects. */
export function shardSelector({ ring, shard }: ShardIdentity): string {
  return `${shardLabel(ring)}=${shard}`;
}
