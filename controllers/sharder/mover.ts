import type { GroupResource } from "../../lib/k8s/api/resource.ts";
import { isConflict, isInvalid, isNotFound } from "../../lib/k8s/errors.ts";
import { formatKey, keyOf, type PartialObjectMetadata } from "../../lib/k8s/types.ts";
import type { RingSnapshot } from "../../lib/rings/mod.ts";
import { patchFor } from "../../lib/sharding/label_patch.ts";
import { shardLabel } from "../../lib/sharding/names.ts";
import { brakesOf } from "../../lib/sharding/brakes.ts";
import { type Owner, type Plan, planFor } from "../../lib/sharding/plan.ts";
import { isLive } from "../../lib/sharding/ring_view.ts";
import type { Child } from "./families/families.ts";
import type { LeaseProbe } from "./lease_probe.ts";
import type { OwnerLookup } from "./families/owner_lookup.ts";
import { PatchRights } from "./rights/patch_rights.ts";
import { readObject } from "./rights/read_object.ts";
import { isInScope } from "./scope.ts";
import type { Target } from "./targets.ts";

/** Counts what the sharder does to objects. */
export interface MoveObserver {
  /** An object without a live owner, or a child, was labelled with its shard. */
  onMove?(ring: string, resource: GroupResource, from: string | undefined, to: string): void;
  /** A live shard was asked to let go of an object. */
  onDrain?(ring: string, resource: GroupResource): void;
  /** That request was taken back before the shard had let go. */
  onWithdraw?(ring: string, resource: GroupResource): void;
}

/** What was written: the object is now labelled, draining or no longer draining as planned. */
export type WrittenPlan = Exclude<Plan, { readonly type: "none" | "wait" }>;

/** What came of planning and, where needed, writing one object. */
export type Outcome =
  /** There was nothing to do. */
  | { readonly type: "settled" }
  | { readonly type: "written"; readonly plan: WrittenPlan }
  /** It cannot move yet: this shard has to be taken over, judged or left by its owner, or to acknowledge other drains. */
  | { readonly type: "waiting"; readonly shard: string; readonly for: "take-over" | "judgement" | "drains" | "owner" }
  /** It would do better on another shard, but stays on this live one: the ring is paused, or has moved enough for now. */
  | { readonly type: "braked"; readonly by: "pause" | "limit"; readonly shard: string }
  /** It does not exist any more, or is not the ring's any more. */
  | { readonly type: "gone" };

/** Whether live shards may be asked to let go of objects. */
export interface DrainRoom {
  /** Could this shard be asked now? */
  has(shard: string): boolean;
  /** Is asked right before the shard is: with false the object counts as waiting. */
  take(shard: string): boolean;
  /** Waits for the object's turn where moves are limited; false when it shall not have one now. @default no limit */
  turn?(signal: AbortSignal): Promise<boolean>;
}

/** No live shard may be asked to let go of anything. */
export const noDrains: DrainRoom = { has: () => false, take: () => false };

const unlimitedDrains: DrainRoom = { has: () => true, take: () => true };

/** How often an object is planned again when it changes under our hands. */
const attempts = 5;

/**
 * Brings single objects to the shard where they belong. Each write compares before it sets, so it needs no lock: when
 * the object has changed meanwhile, it is read and planned again, against the ring as it is then.
 */
export class Mover {
  readonly #snapshot: () => RingSnapshot | undefined;
  readonly #owners: OwnerLookup;
  readonly #observer: MoveObserver;
  readonly #probe: Pick<LeaseProbe, "exists">;
  readonly #rights = new PatchRights();

  /** @param snapshot the ring as it is now; undefined when it is gone or being deleted. */
  constructor(
    snapshot: () => RingSnapshot | undefined,
    owners: OwnerLookup,
    observer: MoveObserver,
    probe: Pick<LeaseProbe, "exists">,
  ) {
    this.#snapshot = snapshot;
    this.#owners = owners;
    this.#observer = observer;
    this.#probe = probe;
  }

  /** Is there nothing to do about an object as it was listed, and as the ring is now? Then there is no need to settle it. */
  isSettled(target: Target, object: PartialObjectMetadata): boolean {
    const snapshot = this.#snapshot();
    return snapshot !== undefined && this.#planByKey(target, object, snapshot).type === "none";
  }

  /**
   * Plans an object and does what the plan says. `room` is asked before a live shard is asked to let go of the object;
   * when it says no, the object counts as waiting.
   */
  async settle(
    target: Target,
    object: PartialObjectMetadata,
    signal: AbortSignal,
    room: DrainRoom = unlimitedDrains,
  ): Promise<Outcome> {
    let current: PartialObjectMetadata | undefined = object;
    let failure: unknown;
    let hasTurn = room.turn === undefined;
    for (let attempt = 0; attempt < attempts; attempt++) {
      const snapshot = this.#snapshot();
      if (current === undefined || snapshot === undefined || !isInScope(current, snapshot.selectsNamespace)) {
        return { type: "gone" };
      }
      const planned = await this.#plan(target, current, snapshot, signal);
      const plan = await this.#makeSure(target, planned, snapshot, signal);
      if (plan.type === "none") return { type: "settled" };
      if (plan.type === "wait") return { type: "waiting", shard: plan.shard, for: plan.for };
      if (plan.type === "braked") return plan;
      if (plan.type === "drain" && !hasTurn) {
        if (!room.has(plan.from)) return { type: "waiting", shard: plan.from, for: "drains" };
        if (await room.turn?.(signal) === false) return { type: "braked", by: "limit", shard: plan.from };
        // The ring may be another by now. This was no failed attempt.
        hasTurn = true;
        attempt--;
        continue;
      }
      if (plan.type === "drain" && !room.take(plan.from)) return { type: "waiting", shard: plan.from, for: "drains" };
      try {
        await this.#write(target, current, plan, snapshot, signal);
        return { type: "written", plan };
      } catch (error) {
        if (isNotFound(error)) return { type: "gone" };
        if (!isInvalid(error) && !isConflict(error)) throw error;
        failure = error;
        const { namespace, name } = keyOf(current);
        current = await readObject(target.objects.inNamespace(namespace), name, signal);
      }
    }
    const what = `${target.resource.kind} ${formatKey(keyOf(object))}`;
    throw new Error(`gave up moving ${what} after ${attempts} attempts`, { cause: failure });
  }

  /** Moves a child to the shard of its owner without reading it first. */
  async follow(child: Child, shard: string, signal: AbortSignal): Promise<Outcome> {
    const snapshot = this.#snapshot();
    if (snapshot === undefined) return { type: "gone" };
    if (child.shard === shard) return { type: "settled" };
    const { target, namespace, name } = child;
    const ring = snapshot.ring.metadata.name;
    const object = {
      apiVersion: "",
      kind: target.resource.kind,
      metadata: {
        namespace,
        name,
        ...(child.hasLabels ? { labels: child.shard === undefined ? {} : { [shardLabel(ring)]: child.shard } } : {}),
      },
    };
    const plan: Plan = child.shard === undefined
      ? { type: "assign", shard }
      : { type: "move", from: child.shard, to: shard };
    try {
      await this.#write(target, object, plan, snapshot, signal);
      return { type: "written", plan };
    } catch (error) {
      if (isNotFound(error)) return { type: "gone" };
      if (!isInvalid(error) && !isConflict(error)) throw error;
    }
    const current = await readObject(target.objects.inNamespace(namespace), name, signal);
    return current === undefined ? { type: "gone" } : await this.settle(target, current, signal);
  }

  async #plan(
    target: Target,
    object: PartialObjectMetadata,
    snapshot: RingSnapshot,
    signal: AbortSignal,
  ): Promise<Plan | Paused> {
    const plan = this.#planByKey(target, object, snapshot);
    if (target.role === "main" || plan.type === "none") return plan.type === "drain" ? pausedOr(plan, snapshot) : plan;
    // Where the key says that a child has to go somewhere, its owner has the last word.
    const { view } = snapshot;
    const owner: Owner = await this.#owners.find(object, view.ring, signal);
    const informed = this.#planByKey(target, object, snapshot, owner);
    // A child comes to the live shard of its owner even so; one without an owner stays where it is looked after.
    const follows = typeof owner === "object" && owner.shard !== undefined && isLive(view.statusOf(owner.shard));
    if (follows || informed.type !== "move" || !isLive(view.statusOf(informed.from))) return informed;
    return pausedOr(informed, snapshot);
  }

  #planByKey({ role, resource }: Target, object: PartialObjectMetadata, snapshot: RingSnapshot, owner?: Owner): Plan {
    const { view, mayJudgeUnknown } = snapshot;
    const planned = { metadata: object.metadata, group: resource.group, kind: resource.kind };
    const { paused } = brakesOf(snapshot.ring);
    const { isClusterScoped } = this.#owners;
    const informed = owner === undefined ? {} : { owner };
    return planFor(planned, role, view, { mayJudgeUnknown, paused, isClusterScoped, ...informed });
  }

  /** Sees, right before the write, that nobody can be at work on a main object that is to move at once. */
  async #makeSure(
    target: Target,
    plan: Plan | Paused,
    snapshot: RingSnapshot,
    signal: AbortSignal,
  ): Promise<Plan | Paused> {
    if (target.role !== "main" || plan.type !== "move") return plan;
    const { from } = plan;
    if (snapshot.view.statusOf(from) === "held") {
      return snapshot.holds(from) ? plan : { type: "wait", shard: from, for: "take-over" };
    }
    // The Lease of a shard that has just joined may be told of after the object that it was given.
    const exists = await this.#probe.exists(from, signal);
    const isUnknown = !exists && this.#snapshot()?.view.statusOf(from) === "unknown";
    return isUnknown ? plan : { type: "wait", shard: from, for: "judgement" };
  }

  async #write(
    target: Target,
    object: PartialObjectMetadata,
    plan: Plan,
    snapshot: RingSnapshot,
    signal: AbortSignal,
  ): Promise<void> {
    const ring = snapshot.ring.metadata.name;
    const { namespace, name } = keyOf(object);
    const operations = patchFor(plan, object.metadata, ring);
    const resource = target.groupResource;
    this.#rights.check(resource, namespace);
    try {
      await target.objects.inNamespace(namespace).patch(name, { type: "json", operations }, { signal });
    } catch (error) {
      this.#rights.note(resource, namespace, error);
      throw error;
    }
    if (plan.type === "drain") this.#observer.onDrain?.(ring, resource);
    else if (plan.type === "withdraw") this.#observer.onWithdraw?.(ring, resource);
    else if (plan.type === "move") this.#observer.onMove?.(ring, resource, plan.from, plan.to);
    else if (plan.type === "assign") this.#observer.onMove?.(ring, resource, undefined, plan.shard);
  }
}

type Paused = Extract<Outcome, { readonly type: "braked" }>;

function pausedOr(plan: Extract<Plan, { readonly from: string }>, { ring }: RingSnapshot): Plan | Paused {
  return brakesOf(ring).paused ? { type: "braked", by: "pause", shard: plan.from } : plan;
}
