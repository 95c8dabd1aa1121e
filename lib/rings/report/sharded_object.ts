import type { GroupResource } from "../../k8s/api/resource.ts";
import type { KubeObject } from "../../k8s/types.ts";
import { type ClusterScoped, controlledKey, mainKey } from "../../sharding/hash_key.ts";
import { drainLabel, shardLabel } from "../../sharding/names.ts";
import type { Role } from "../../sharding/ring_types.ts";

/** What a person wants to know of one object of a ring. */
export interface ShardedObject {
  readonly resource: GroupResource;
  readonly role: Role;
  /** "" for a cluster-scoped object. */
  readonly namespace: string;
  readonly name: string;
  /** What decides its shard; undefined for an object that belongs to no shard, as it has no controller or a broken one. */
  readonly key: string | undefined;
  /** The shard that its label names; "" without one. */
  readonly shard: string;
  /** Its shard was asked to let go of it. */
  readonly draining: boolean;
  /** The version that says so. */
  readonly resourceVersion: string;
}

/** How the ring sees a resource's objects. */
export interface ObjectKind extends GroupResource {
  readonly kind: string;
  readonly role: Role;
}

/**
 * Reads what matters from an object's metadata. Never throws, whatever the object looks like.
 * @param isClusterScoped of owners; without it the keys are the reference's.
 */
export function shardedObject(
  ring: string,
  kind: ObjectKind,
  object: KubeObject,
  isClusterScoped?: ClusterScoped,
): ShardedObject {
  const { metadata } = object;
  const { group, resource, role } = kind;
  const key = role === "main" ? mainKey(kind, metadata) : controlledKey(metadata, isClusterScoped);
  return {
    resource: { group, resource },
    role,
    namespace: metadata.namespace ?? "",
    name: metadata.name,
    key: key.type === "key" ? key.key : undefined,
    shard: metadata.labels?.[shardLabel(ring)] ?? "",
    draining: metadata.labels?.[drainLabel(ring)] !== undefined,
    resourceVersion: metadata.resourceVersion ?? "",
  };
}
