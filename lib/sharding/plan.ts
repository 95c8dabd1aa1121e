import type { KubeObject } from "../k8s/types.ts";
import { type ClusterScoped, controlledKey, type GroupKind, type HashKey, mainKey } from "./hash_key.ts";
import { drainLabel, shardLabel } from "./names.ts";
import type { Role } from "./ring_types.ts";
import { isLive, type RingView } from "./ring_view.ts";

/** What is to be done about an object, so that the right shard is responsible for it. */
export type Plan =
  | { readonly type: "none"; readonly reason: Settled }
  /** The object cannot be given a shard; `problem` is for people. */
  | { readonly type: "none"; readonly reason: "no key"; readonly problem: string }
  /** The object has no shard: give it to this one. */
  | { readonly type: "assign"; readonly shard: string }
  /** Its shard is at work: ask it to let go, so that `to` can have the object. */
  | { readonly type: "drain"; readonly from: string; readonly to: string }
  /** It was asked to let go, and shall keep the object after all: take the request back. */
  | { readonly type: "withdraw"; readonly shard: string }
  /** Nobody is at work on it: give it to `to` at once. */
  | { readonly type: "move"; readonly from: string; readonly to: string }
  /** It has to move, but not before `shard`'s Lease is taken over or the shard is known to be none. */
  | { readonly type: "wait"; readonly shard: string; readonly for: "take-over" | "judgement" }
  /** Its owner has to leave `shard` first, where nobody is at work. */
  | { readonly type: "wait"; readonly shard: string; readonly for: "owner" };

/** Why nothing is to be done. */
export type Settled =
  /** It is where it belongs. */
  | "assigned"
  /** Its shard is late, but may still be at work. */
  | "shard is late"
  /** Its shard was asked to let go and has not answered yet. */
  | "waiting for acknowledgement"
  /** Its owner is about to move; it follows when the owner has. */
  | "owner is draining"
  /** It follows its controller, but has none. */
  | "no controller"
  /** No shard is available. */
  | "no shard";

/** What is known of the owner of a controlled object. */
export type Owner =
  /** Its labels in the ring: its shard, if it has one, and whether it carries a drain label. */
  | { readonly shard?: string | undefined; readonly draining: boolean }
  /** Nobody has looked. */
  | "unknown"
  /** It does not exist. */
  | "gone";

/** What a plan depends on beside the object and the ring. */
export interface PlanContext {
  /**
   * May a shard that no Lease names be called bogus? Not before Leases were watched for 2 L: the Lease could have been
   * deleted just before.
   */
  readonly mayJudgeUnknown: boolean;
  /** Of a controlled object. @default "unknown" */
  readonly owner?: Owner;
  /** Of a controlled object: does its owner lie in no namespace? @default the reference's way, which is never */
  readonly isClusterScoped?: ClusterScoped;
  /** Is the ring paused? Then a live shard keeps also what it was asked to let go of. @default false */
  readonly paused?: boolean;
}

/** What a plan reads of an object. */
export type PlannedObject = Pick<KubeObject, "metadata"> & GroupKind;

/**
 * Decides what is to be done about an object in the view's ring. Pure: the same input gives the same plan.
 *
 * An object of a live shard is drained first, so that two shards are never at work on it at once. One of a shard that
 * is not live moves only while we hold that shard's Lease. Controlled objects are moved without being drained, as
 * shards work on main objects; they go where their owner is; those that have a shard stay put while the
 * owner is draining.
 */
export function planFor(object: PlannedObject, role: Role, view: RingView, context: PlanContext): Plan {
  return role === "main" ? planMain(object, view, context) : planControlled(object, view, context);
}

function planMain(object: PlannedObject, view: RingView, context: PlanContext): Plan {
  const desired = desiredBy(mainKey(object, object.metadata), view);
  if (typeof desired !== "string") return desired;
  const current = currentShard(object, view);
  if (current === undefined) return { type: "assign", shard: desired };
  const draining = isDraining(object, view);
  // The ring changed back before the shard let go.
  if (current === desired) return draining ? { type: "withdraw", shard: current } : none("assigned");
  const status = view.statusOf(current);
  switch (status) {
    case "ready":
      if (draining && context.paused === true) return { type: "withdraw", shard: current };
      if (draining) return none("waiting for acknowledgement");
      return { type: "drain", from: current, to: desired };
    case "expired":
    case "uncertain":
      return none("shard is late");
    case "dead":
      return { type: "wait", shard: current, for: "take-over" };
    case "held":
      return { type: "move", from: current, to: desired };
    case "unknown":
      if (!context.mayJudgeUnknown) return { type: "wait", shard: current, for: "judgement" };
      return { type: "move", from: current, to: desired };
  }
}

function planControlled(object: PlannedObject, view: RingView, context: PlanContext): Plan {
  const byKey = desiredBy(controlledKey(object.metadata, context.isClusterScoped), view);
  if (typeof byKey !== "string") return byKey;
  const { owner = "unknown" } = context;
  const desired = shardOfOwner(owner, view) ?? byKey;
  const current = currentShard(object, view);
  // Also while the owner is draining: nobody sees an object without a shard.
  if (current === undefined) return { type: "assign", shard: desired };
  if (typeof owner === "object" && owner.draining) return none("owner is draining");
  // That shard may come back before the owner has left it, and would keep the owner without the child.
  if (typeof owner === "object" && owner.shard !== undefined && !isLive(view.statusOf(owner.shard))) {
    return { type: "wait", shard: owner.shard, for: "owner" };
  }
  if (current === desired) return none("assigned");
  const status = view.statusOf(current);
  switch (status) {
    case "dead":
      return { type: "wait", shard: current, for: "take-over" };
    case "ready":
    case "expired":
    case "uncertain":
    case "held":
    case "unknown":
      return { type: "move", from: current, to: desired };
  }
}

/** The owner's actual shard, if it is one that will stay: from any other the owner itself goes where its key says. */
function shardOfOwner(owner: Owner, view: RingView): string | undefined {
  if (typeof owner === "string" || owner.shard === undefined) return undefined;
  return isLive(view.statusOf(owner.shard)) ? owner.shard : undefined;
}

/** The shard that the key says, or why there is none. */
function desiredBy(key: HashKey, view: RingView): string | Plan {
  switch (key.type) {
    case "none":
      return none("no controller");
    case "problem":
      return { type: "none", reason: "no key", problem: key.problem };
    case "key":
      return view.shardFor(key.key) ?? none("no shard");
  }
}

/** The object's shard; an empty label counts as none, as in the protocol. */
function currentShard(object: PlannedObject, view: RingView): string | undefined {
  return object.metadata.labels?.[shardLabel(view.ring)] || undefined;
}

function isDraining(object: PlannedObject, view: RingView): boolean {
  return object.metadata.labels?.[drainLabel(view.ring)] !== undefined;
}

function none(reason: Settled): Plan {
  return { type: "none", reason };
}
