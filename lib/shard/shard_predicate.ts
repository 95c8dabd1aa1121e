import type { KubeObject } from "../k8s/types.ts";
import { and, type Predicate } from "../runtime/controller/mod.ts";
import { drainLabel } from "../sharding/names.ts";
import { ownershipOf, type ShardIdentity } from "./shard_labels.ts";

/**
 * Which events of main objects matter to a shard: those of objects with a drain label (whatever else holds, as the
 * acknowledgement must never be missed), and those of own objects for which all the author's predicates hold. For an
 * update the object's new state counts. An object that has just become ours, as its drain was withdrawn, always counts:
 * what happened to it meanwhile was passed over.
 */
export function shardPredicate<T extends KubeObject>(
  identity: ShardIdentity,
  ...predicates: readonly Predicate<T>[]
): Predicate<T> {
  const wanted = and(...predicates);
  const drain = drainLabel(identity.ring);
  return (event) => {
    if (event.object.metadata.labels?.[drain] !== undefined) return true;
    if (ownershipOf(event.object, identity) !== "ours") return false;
    return (event.type === "updated" && ownershipOf(event.previous, identity) !== "ours") || wanted(event);
  };
}
