import type { GroupResource } from "../../../lib/k8s/api/resource.ts";
import type { RingSnapshot } from "../../../lib/rings/mod.ts";
import { drainLabel, shardLabel } from "../../../lib/sharding/names.ts";
import type { Role } from "../../../lib/sharding/ring_types.ts";
import { drainingSelector, ownerlessSelector } from "../selectors.ts";
import type { Target } from "../targets.ts";

/** An object of a ring, by name. */
export interface ObjectReference {
  readonly role: Role;
  readonly resource: GroupResource;
  /** "" for an object that lies in none. */
  readonly namespace: string;
  readonly name: string;
}

/** Names an object of a target. */
export function referenceTo(
  { target: { role, groupResource }, namespace = "", name }: {
    readonly target: Target;
    readonly namespace?: string | undefined;
    readonly name: string;
  },
): ObjectReference {
  return { role, resource: groupResource, namespace, name };
}

/** Which objects a pass looks at. */
export type PassScope =
  /** Those whose shard label names no live shard. */
  | { readonly type: "ownerless" }
  /** Everything that is the ring's. */
  | { readonly type: "all" }
  /** What these shards have and were not asked to let go of. */
  | { readonly type: "shards"; readonly shards: readonly string[] }
  /** Main objects that a shard was asked to let go of. */
  | { readonly type: "draining" }
  /** Single ones, read one by one. */
  | { readonly type: "objects"; readonly objects: readonly ObjectReference[] };

/** Kind of a pass, as metrics call it. */
export type PassKind = PassScope["type"];

/** Selects a pass's objects of a role; undefined when it lists none of them. */
export function selectorFor(scope: PassScope, role: Role, snapshot: RingSnapshot): string | undefined {
  const ring = snapshot.ring.metadata.name;
  switch (scope.type) {
    case "ownerless":
      return ownerlessSelector(snapshot);
    case "all":
      return "";
    case "shards": {
      const ofShards = `${shardLabel(ring)} in (${scope.shards.join(",")})`;
      // Children have no drain label, and have to be known also when only their owner is asked for.
      return role === "main" ? `${ofShards},!${drainLabel(ring)}` : ofShards;
    }
    case "draining":
      return role === "main" ? drainingSelector(ring) : undefined;
    case "objects":
      return undefined;
  }
}
