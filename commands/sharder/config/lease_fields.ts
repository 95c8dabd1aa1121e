import { isNamespaceName } from "../../../lib/sharding/lease_namespaces.ts";
import type { Fields } from "../../../lib/util/fields.ts";

/** Which Leases are shards, and how they come and go. All of it is ours. Durations are in milliseconds. */
export interface LeaseSettings {
  /** The only namespaces in which shards may have their Leases; no other is watched. Undefined for all. */
  readonly namespaces?: readonly string[];
  /** The first shards of a ring wait so long for each other, and half as long again while others join; 0 for not. */
  readonly joinWindow: number;
  /** After a join, live shards keep their objects until no shard has come or gone for so long, or twice that. */
  readonly settleWindow: number;
  /** A shard that was lost together with most others is waited for so many durations of its Lease longer. */
  readonly massLossHold: number;
}

/** Reads `controller.leases`. */
export function readLeases(fields: Fields): LeaseSettings {
  const namespaces = fields.strings("namespaces");
  if (namespaces?.length === 0) fields.problem("namespaces", "must name at least one, or be absent for all");
  for (const name of namespaces ?? []) {
    if (!isNamespaceName(name)) fields.problem("namespaces", `${JSON.stringify(name)} is no name of a namespace`);
  }
  return {
    ...(namespaces === undefined ? {} : { namespaces: [...new Set(namespaces)].sort() }),
    joinWindow: readWindow(fields, "joinWindow"),
    settleWindow: readWindow(fields, "settleWindow"),
    massLossHold: fields.number("massLossHold", 0) ?? 2,
  };
}

function readWindow(fields: Fields, name: string): number {
  const window = fields.duration(name) ?? 1_000;
  if (window < 0) fields.problem(name, "must be 0 (none) or longer");
  return window;
}
