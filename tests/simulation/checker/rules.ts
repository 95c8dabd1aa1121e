import type { KubeObject } from "../../../mod.ts";
import { drainLabel, shardLabel } from "../../../lib/sharding/names.ts";

/** What a ring's labels say about an object. */
export interface RingLabels {
  readonly shard: string | undefined;
  readonly draining: boolean;
}

/** Reads them; an object that is not there has none. */
export function ringLabels(object: KubeObject | undefined, ring: string): RingLabels {
  const labels = object?.metadata.labels;
  return { shard: labels?.[shardLabel(ring)], draining: labels?.[drainLabel(ring)] !== undefined };
}

/**
 * G1: a main object leaves its shard without a drain only while that cannot hold its Lease.
 * @param holds does this shard hold its Lease?
 * @returns what is wrong with a change of labels; undefined when nothing is
 */
export function undrainedMove(
  before: RingLabels,
  after: RingLabels,
  holds: (shard: string) => boolean,
): string | undefined {
  const { shard, draining } = before;
  if (shard === undefined || after.shard === shard || draining || !holds(shard)) return undefined;
  return `moves from ${shard} without a drain, while ${shard} holds its Lease`;
}

/**
 * G4: a child stays where it is while its owner is draining.
 * @param owner labels of the owner as they are now
 * @returns what is wrong with a change of the child's labels; undefined when nothing is
 */
export function earlyChildMove(before: RingLabels, after: RingLabels, owner: RingLabels): string | undefined {
  if (before.shard === undefined || before.shard === after.shard || !owner.draining) return undefined;
  return `moves from ${before.shard} to ${after.shard ?? "none"} while its owner is draining`;
}
