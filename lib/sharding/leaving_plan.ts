import { controllerOf, type ObjectMeta } from "../k8s/types.ts";
import { drainLabel, shardLabel } from "./names.ts";
import type { Role } from "./ring_types.ts";
import { isLive, type RingView } from "./ring_view.ts";

/** What is to be done about an object that is not the ring's any more, so that it loses the ring's labels. */
export type LeavingPlan =
  /** It carries none. */
  | { readonly type: "none" }
  /**
   * Nobody is at work on it: remove the labels. Watches tell of returning shards late, so where `unless` names its shard,
   * that shard's Leases have to be read first.
   */
  | { readonly type: "strip"; readonly unless?: string }
  /** Its shard is at work: ask it to let go, which removes the labels. */
  | { readonly type: "drain"; readonly from: string }
  /** It keeps them until this shard has let go of it or of its owner, or is known to be none. */
  | { readonly type: "wait"; readonly shard: string; readonly for: LeavingWait };

/** What an object waits for before it may lose the labels. */
export type LeavingWait = "acknowledgement" | "owners" | "judgement";

/** What the plan depends on beside the object and the shards. */
export interface LeavingContext {
  /** May a shard that no Lease names be called bogus? */
  readonly mayJudgeUnknown: boolean;
  /**
   * Does a main object that is leaving, or may be, still have this shard at work on it, or does any shard keep the owner
   * of this object? Asked for controlled objects.
   */
  readonly isBusy: (shard: string) => boolean;
  /** The ring does not exist any more: nobody takes over the Leases of shards that fall silent. */
  readonly isRingGone: boolean;
}

/**
 * Decides how an object outside of the ring's scope loses the ring's labels. Pure.
 *
 * A main object of a live shard is drained, as in a move, but gets no new owner; one of a shard that is late is too: it
 * may come back, and if not its Lease is taken over. Controlled objects keep the labels as long as their shard has
 * owners to let go of: without them the shard would not find them, and create them again.
 *
 * @param role undefined when it is not known any more what the resource was to the ring: then objects that have a
 *   controller count as controlled ones.
 */
export function planLeaving(
  metadata: ObjectMeta,
  role: Role | undefined,
  view: RingView,
  context: LeavingContext,
): LeavingPlan {
  const labels = metadata.labels ?? {};
  const [shard, draining] = [labels[shardLabel(view.ring)], labels[drainLabel(view.ring)] !== undefined];
  if (shard === undefined && !draining) return { type: "none" };
  if (shard === undefined || shard === "") return { type: "strip" };
  if (effectiveRole(metadata, role) === "controlled") {
    return context.isBusy(shard) ? { type: "wait", shard, for: "owners" } : { type: "strip" };
  }
  const status = view.statusOf(shard);
  if (status === "unknown") {
    return context.mayJudgeUnknown ? { type: "strip", unless: shard } : { type: "wait", shard, for: "judgement" };
  }
  // While we hold its Lease the shard cannot come back.
  if (status === "held") return { type: "strip" };
  if (!isLive(status) || (status === "uncertain" && context.isRingGone)) return { type: "strip", unless: shard };
  return draining ? { type: "wait", shard, for: "acknowledgement" } : { type: "drain", from: shard };
}

function effectiveRole(metadata: ObjectMeta, role: Role | undefined): Role {
  return role ?? (controllerOf(metadata) === undefined ? "main" : "controlled");
}
