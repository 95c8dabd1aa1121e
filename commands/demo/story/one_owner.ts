import type { ObjectMove } from "../../../lib/rings/report/mod.ts";
import type { LeaseLog } from "../../live_ring/lease_log.ts";

/**
 * Moves that could have let two shards work on one object (guarantee G1), one sentence each: an object left a shard
 * that had not been asked to let go of it and held its Lease. Only main objects count, as shards work on those.
 */
export function ownerConflicts(moves: readonly ObjectMove[], leases: LeaseLog): readonly string[] {
  return moves.filter(({ kind, object, drained, from }) =>
    (kind === "moved" || kind === "released") && object.role === "main" && !drained &&
    leases.heldBefore(from, object.resourceVersion)
  ).map(({ object, from, to }) =>
    `${object.resource.resource}/${object.name} went from ${from} to ${to === "" ? "nobody" : to} without a drain ` +
    `while ${from} held its Lease`
  );
}
