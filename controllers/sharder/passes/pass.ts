import pMap from "p-map";
import type { PartialObjectMetadata } from "../../../lib/k8s/types.ts";
import { brakesOf } from "../../../lib/sharding/brakes.ts";
import { mainKey } from "../../../lib/sharding/hash_key.ts";
import { shardLabel } from "../../../lib/sharding/names.ts";
import { type Plan, planFor } from "../../../lib/sharding/plan.ts";
import { isLive } from "../../../lib/sharding/ring_view.ts";
import type { Child } from "../families/families.ts";
import { settleFamily } from "../families/family_moves.ts";
import { KeptOwners } from "../families/kept_owners.ts";
import { MainMoves, type MainMovesParts } from "./main_moves.ts";
import type { Parentage } from "../families/owner_lookup.ts";
import { type ObjectReference, type PassScope, referenceTo, selectorFor } from "./pass_scope.ts";
import { PassObjects, type Work } from "./pass_objects.ts";
import { type PassResult, PassTally } from "./pass_tally.ts";
import type { Target } from "../targets.ts";

export type { PassKind, PassScope } from "./pass_scope.ts";
export type { PassResult } from "./pass_tally.ts";

/** What a pass works with. */
export interface PassParts extends MainMovesParts {
  readonly targets: readonly Target[];
  /** Most objects that are written at the same time. */
  readonly concurrency: number;
  /** Is this object to be tried again by itself? @default none is */
  readonly isRetried?: (object: ObjectReference) => boolean;
  /** Hears of each object in scope, before anything is done with it. */
  readonly onListed?: (target: Target, object: PartialObjectMetadata) => void;
  /**
   * Is a shard gone that was at work when the pass began? Then it ends, and has to be done again: the children of that
   * shard's objects are not at hand, as they were in their places. @default never
   */
  readonly isOutdated?: () => boolean;
}

/** The result of a pass that had nothing to look at. */
export const nothingDone: PassResult = new PassTally(false).result();

/**
 * Goes over a ring's objects page by page and brings each to its shard; never are all of them in memory.
 *
 * Children are looked at first and kept aside under their owners, without a write. Then each owner moves and takes
 * its children along at once; the children of an owner that has to be drained follow when it was let go of. In the
 * end those are settled whose owners had nothing to do.
 *
 * A pass over what has no live owner goes on when another shard goes meanwhile: it lists nothing of that shard.
 *
 * @throws the signal's reason when it aborts; whatever else fails is in the result.
 */
export async function pass(scope: PassScope, parts: PassParts, signal: AbortSignal): Promise<PassResult> {
  // Without any shard at work there is nobody to give an object to.
  if (parts.snapshot.view.available === 0) return nothingDone;
  const run = new Pass(scope, parts, signal);
  for (const target of parts.targets) if (target.role === "controlled") await run.setAside(target);
  for (const target of parts.targets) if (target.role === "main") await run.settleMains(target);
  await run.settleLeftovers();
  await run.gatherChildren();
  return run.result();
}

class Pass {
  readonly #scope: PassScope;
  readonly #parts: PassParts;
  readonly #signal: AbortSignal;
  readonly #tally = new PassTally();
  readonly #mains: MainMoves;
  readonly #objects: PassObjects;
  /** Hash keys of main objects that failed: their children wait for the next try. */
  readonly #failedMains = new Set<string>();
  readonly #kept = new KeptOwners();
  readonly #isOutdated: () => boolean;

  constructor(scope: PassScope, parts: PassParts, signal: AbortSignal) {
    this.#scope = scope;
    this.#parts = parts;
    this.#signal = signal;
    this.#mains = new MainMoves(parts, this.#tally, signal);
    this.#objects = new PassObjects(parts, this.#tally, signal);
    const { isOutdated = () => false } = parts;
    const isNever = scope.type === "ownerless" || scope.type === "objects";
    this.#isOutdated = () => this.#tally.outdated ||= !isNever && isOutdated();
  }

  result(): PassResult {
    return this.#tally.result();
  }

  /** Keeps misplaced children aside until their owner has moved; settles those without an owner in the ring. */
  async setAside(target: Target): Promise<void> {
    const { snapshot, families, owners, pending, mover } = this.#parts;
    const ring = snapshot.ring.metadata.name;
    const { view, mayJudgeUnknown } = snapshot;
    const { isClusterScoped } = owners;
    const planOf = ({ metadata }: PartialObjectMetadata): Plan => {
      const { group, kind } = target.resource;
      return planFor({ metadata, group, kind }, "controlled", view, { mayJudgeUnknown, isClusterScoped });
    };
    await this.#each(target, (object) => planOf(object).type === "none", async (object) => {
      const plan = planOf(object);
      if (plan.type === "none") return;
      const owner = owners.parentOf(object);
      // Nobody sees a child without a shard, and its owner may take its time.
      const cannotWait = plan.type === "assign" && owner !== undefined && pending.has(owner.key);
      if (owner === undefined || cannotWait || this.#scope.type === "objects") {
        return this.#tally.count(await mover.settle(target, object, this.#signal));
      }
      if (plan.type === "wait") {
        // Its owner waits too, and has it at hand should the shard be taken over while this pass is under way.
        this.#tally.count({ ...plan, type: "waiting" });
        families.add(owner, childOf(target, object, ring));
        return;
      }
      this.#tally.found++;
      if (!families.add(owner, childOf(target, object, ring))) this.#tally.overflowed = true;
    });
  }

  /** Moves main objects, each with its children. */
  async settleMains(target: Target): Promise<void> {
    const { snapshot, mover } = this.#parts;
    const ring = snapshot.ring.metadata.name;
    const { paused } = brakesOf(snapshot.ring);
    await this.#each(target, (object) => mover.isSettled(target, object), async (object) => {
      if (this.#isOutdated()) return;
      const key = mainKey(target.resource, object.metadata);
      if (this.#scope.type === "draining") {
        // Of those that others have to move the children are not at hand.
        const current = object.metadata.labels?.[shardLabel(ring)];
        if (current === undefined || !isLive(snapshot.view.statusOf(current))) return;
      }
      try {
        if (this.#scope.type === "objects") await this.#mains.account(target, object);
        const outcome = await this.#mains.settle(target, object);
        if (paused && key.type === "key") this.#kept.note(key.key, outcome);
      } catch (error) {
        if (key.type === "key") this.#failedMains.add(key.key);
        throw error;
      }
    });
  }

  /** Settles the children whose owners are where they should be. Those of a draining owner wait on. */
  async settleLeftovers(): Promise<void> {
    if (this.#isOutdated()) return;
    const { families, pending, concurrency, isRetried = () => false } = this.#parts;
    const isSettled = (owner: Parentage): boolean =>
      !pending.has(owner.key) && !this.#failedMains.has(owner.key) &&
      // It was found to be misplaced, and takes its children along when it can be written.
      (this.#scope.type === "objects" || !isRetried(referenceTo(owner)));
    const keys = families.owners().filter(isSettled).map(({ key }) => key);
    await pMap(keys, async (key) => {
      const family = families.take(key);
      if (family === undefined) return;
      try {
        const { written, failed } = await settleFamily(family, this.#parts, this.#signal);
        this.#tally.written += written;
        for (const { child, error } of failed) this.#tally.failedObject(referenceTo(child), error);
      } catch (error) {
        this.#signal.throwIfAborted();
        // A pass over what has no live owner would not find them again.
        for (const child of family.children) families.add(family.owner, child);
        this.#tally.failedObject(referenceTo(family.owner), error);
      }
    }, { concurrency, signal: this.#signal });
  }

  /** Brings the children of owners that a paused ring keeps where they are to them, wherever their own keys say. */
  async gatherChildren(): Promise<void> {
    const kept = this.#kept.take();
    if (kept.size === 0) return;
    const { targets, owners, mover, snapshot } = this.#parts;
    const ring = snapshot.ring.metadata.name;
    for (const target of targets) {
      if (target.role !== "controlled") continue;
      const work: Work = async (object) => {
        const owner = owners.parentOf(object);
        const shard = owner === undefined ? undefined : kept.get(owner.key);
        if (shard === undefined) return;
        this.#tally.count(await mover.follow(childOf(target, object, ring), shard, this.#signal));
      };
      await this.#objects.listed({ target, labelSelector: "", work, goesOn: () => this.#goesOn() });
    }
  }

  /**
   * Calls back for each object of a target that the pass is about and that is in the ring's scope.
   * @param isSettled is there nothing to do about it?
   */
  async #each(target: Target, isSettled: (object: PartialObjectMetadata) => boolean, work: Work): Promise<void> {
    const { snapshot, onListed } = this.#parts;
    if (this.#scope.type === "objects") {
      return await this.#objects.named(target, this.#scope.objects, async (object) => {
        this.#tally.listed++;
        await work(object);
      });
    }
    const labelSelector = selectorFor(this.#scope, target.role, snapshot);
    if (labelSelector === undefined) return;
    const isWork = (object: PartialObjectMetadata): boolean => {
      this.#tally.listed++;
      onListed?.(target, object);
      return !isSettled(object);
    };
    await this.#objects.listed({ target, labelSelector, work, isWork, goesOn: () => this.#goesOn() });
  }

  /** Makes room between two pages. */
  async #goesOn(): Promise<boolean> {
    if (this.#kept.isFull) await this.gatherChildren();
    return !this.#isOutdated();
  }
}

function childOf(
  target: Target,
  { metadata: { namespace = "", name, labels } }: PartialObjectMetadata,
  ring: string,
): Child {
  return { target, namespace, name, shard: labels?.[shardLabel(ring)] || undefined, hasLabels: labels !== undefined };
}
