import pMap from "p-map";
import type { JsonPatchOperation } from "../../../lib/k8s/api/patch.ts";
import { formatGroupResource, type GroupResource } from "../../../lib/k8s/api/resource.ts";
import type { RestClient } from "../../../lib/k8s/contract.ts";
import { UnknownResourceError } from "../../../lib/k8s/discovery.ts";
import { isConflict, isForbidden, isInvalid, isNotFound } from "../../../lib/k8s/errors.ts";
import { keyOf, type Lease, type ObjectKey, type PartialObjectMetadata } from "../../../lib/k8s/types.ts";
import { acknowledgementPatch, patchFor } from "../../../lib/sharding/label_patch.ts";
import { type LeavingPlan, planLeaving } from "../../../lib/sharding/leaving_plan.ts";
import { drainLabel, shardLabel } from "../../../lib/sharding/names.ts";
import type { Role } from "../../../lib/sharding/ring_types.ts";
import type { RingView } from "../../../lib/sharding/ring_view.ts";
import type { LeaseProbe } from "../lease_probe.ts";
import { LeavingResult } from "./look_result.ts";
import type { LabelledResource } from "./labelled_resources.ts";
import type { MoveObserver } from "../mover.ts";
import { resolveTarget, type ResourceLookup, type Target } from "../targets.ts";

/** Where a look reads objects of a resource. */
export interface LeavingRead {
  /** Undefined spans all namespaces. */
  readonly namespace: string | undefined;
  /** Leaves out what needs not be read. */
  readonly fieldSelector?: string;
  /** Nothing says that there is anything: where the sharder may not look it has not written either. */
  readonly isRoutine: boolean;
}

/** The ring as it is at the moment of the question, as far as leaving objects depend on it. */
export interface LeavingRing {
  readonly name: string;
  readonly view: () => RingView;
  readonly mayJudgeUnknown: () => boolean;
  /** The ring does not exist any more. */
  readonly isGone: () => boolean;
  /** The Lease of this key as it was last seen. */
  readonly leaseOf: (key: ObjectKey) => Lease | undefined;
  /** Is the object known not to be the ring's any more? */
  readonly isOutside: (target: Target, object: PartialObjectMetadata) => boolean;
  /** Where objects of the resource may be that are not the ring's any more; empty when nowhere. */
  readonly readsFor: (target: Target) => readonly LeavingRead[];
}

/** What a look works with. */
export interface LeavingLookParts {
  readonly ring: LeavingRing;
  /** All resources whose objects may carry the ring's labels. */
  readonly resources: readonly LabelledResource[];
  readonly client: RestClient;
  readonly lookup: ResourceLookup;
  readonly probe: Pick<LeaseProbe, "find">;
  readonly observer: MoveObserver;
  /** Most objects that are written at the same time. */
  readonly concurrency: number;
  /** Most drains that one shard may have pending. */
  readonly maxPendingDrains: number;
}

/**
 * Looks once at all objects that carry the ring's labels and are not the ring's any more, main ones first, and does for
 * each what its plan says. Never are all of them in memory.
 */
export async function lookAtLeaving(parts: LeavingLookParts, signal: AbortSignal): Promise<LeavingResult> {
  const look = new Look(parts, signal);
  const { mains, controlled } = await look.resolve();
  for (const target of mains) await look.each(target);
  for (const target of controlled) await look.each(target);
  return look.result;
}

interface LeavingTarget {
  readonly role: Role | undefined;
  readonly target: Target;
}

class Look {
  readonly result = new LeavingResult();
  readonly #parts: LeavingLookParts;
  readonly #signal: AbortSignal;
  /** Objects that each shard was asked for and has not let go of. */
  readonly #pending = new Map<string, number>();

  constructor(parts: LeavingLookParts, signal: AbortSignal) {
    this.#parts = parts;
    this.#signal = signal;
  }

  /** The resources that are served, and hold objects of the ring outside of it. */
  async resolve(): Promise<
    { readonly mains: readonly LeavingTarget[]; readonly controlled: readonly LeavingTarget[] }
  > {
    const { resources, lookup, client } = this.#parts;
    const found: LeavingTarget[] = [];
    for (const { resource, role } of resources) {
      try {
        found.push({ role, target: await resolveTarget(role ?? "main", resource, lookup, client, this.#signal) });
      } catch (error) {
        // With its definition all objects of a resource are gone.
        if (!(error instanceof UnknownResourceError)) this.#fail(role, resource, undefined, error);
      }
    }
    const mains = found.filter(({ role }) => role === "main");
    // Where the role is not known, objects without a controller are mains. They come late, but never too early.
    const others = found.filter(({ role }) => role === undefined);
    return { mains: [...mains, ...others], controlled: found.filter(({ role }) => role === "controlled") };
  }

  /** Does what is to be done about all objects of a resource. */
  async each({ target, role }: LeavingTarget): Promise<void> {
    const { ring, concurrency } = this.#parts;
    const [shard, drain] = [shardLabel(ring.name), drainLabel(ring.name)];
    for (const { namespace, fieldSelector, isRoutine } of ring.readsFor(target)) {
      // A drain label may be all that is left of an acknowledgement that was half done.
      for (const labelSelector of [shard, `${drain},!${shard}`]) {
        const options = {
          labelSelector,
          ...(fieldSelector === undefined ? {} : { fieldSelector }),
          onExpired: "resume" as const,
          signal: this.#signal,
        };
        try {
          for await (const { items } of target.objects.inNamespace(namespace).pages(options)) {
            await pMap(items, (object) => this.#leave(target, role, object), { concurrency, signal: this.#signal });
          }
        } catch (error) {
          if (isRoutine && isForbidden(error)) break;
          // Its definition is gone, or it is served in another version: the next look knows.
          if (isNotFound(error)) this.#parts.lookup.forget?.(target.groupResource);
          this.#fail(role, target.groupResource, target.resource.kind, error);
          break;
        }
      }
    }
  }

  async #leave(target: Target, role: Role | undefined, object: PartialObjectMetadata): Promise<void> {
    const { ring } = this.#parts;
    try {
      if (!ring.isOutside(target, object)) return;
      const plan = await this.#makeSure(this.#plan(role, object));
      await this.#do(plan, target, object);
    } catch (error) {
      this.#fail(role, target.groupResource, target.resource.kind, error);
    }
  }

  #plan(role: Role | undefined, { metadata }: PartialObjectMetadata): LeavingPlan {
    const { ring } = this.#parts;
    return planLeaving(metadata, role, ring.view(), {
      mayJudgeUnknown: ring.mayJudgeUnknown(),
      isBusy: (shard) => this.result.ownerOf(metadata, shard) !== "free",
      isRingGone: ring.isGone(),
    });
  }

  /** Sees, right before the write, that the shard has not come back, of which the watch may tell later. */
  async #makeSure(plan: LeavingPlan): Promise<LeavingPlan> {
    if (plan.type !== "strip" || plan.unless === undefined) return plan;
    const shard = plan.unless;
    const leases = await this.#parts.probe.find(shard, this.#signal);
    return leases.some((lease) => this.#isNews(lease, shard)) ? { type: "wait", shard, for: "judgement" } : plan;
  }

  /** Does a shard hold this Lease of which that is not known, or was another renewal known? */
  #isNews(lease: Lease, shard: string): boolean {
    if (lease.spec?.holderIdentity !== shard) return false;
    const known = this.#parts.ring.leaseOf(keyOf(lease))?.spec;
    return known?.holderIdentity !== shard || known.renewTime !== lease.spec.renewTime;
  }

  async #do(plan: LeavingPlan, target: Target, object: PartialObjectMetadata): Promise<void> {
    const { ring, maxPendingDrains, observer } = this.#parts;
    switch (plan.type) {
      case "none":
        return;
      case "wait":
        if (plan.for === "acknowledgement") this.#pend(plan.shard);
        this.result.waits(
          object.metadata,
          plan.shard,
          plan.for,
          plan.for === "owners" && this.result.ownerOf(object.metadata, plan.shard) === "forbidden",
        );
        return;
      case "strip": {
        const done = await this.#patch(target, object, acknowledgementPatch(object.metadata, ring.name));
        this.result.wrote(done ? "stripped" : "changed");
        return;
      }
      case "drain": {
        const { from } = plan;
        // It is asked for the rest when it has let go of these.
        if ((this.#pending.get(from) ?? 0) >= maxPendingDrains) {
          return this.result.waits(object.metadata, from, "acknowledgement");
        }
        this.#pend(from);
        const operations = patchFor({ type: "drain", from, to: "" }, object.metadata, ring.name);
        const done = await this.#patch(target, object, operations);
        if (done) observer.onDrain?.(ring.name, target.groupResource);
        this.result.wrote(done ? "drained" : "changed");
        this.result.waits(object.metadata, from, "acknowledgement");
        return;
      }
    }
  }

  #pend(shard: string): void {
    this.#pending.set(shard, (this.#pending.get(shard) ?? 0) + 1);
  }

  /** False when the object has changed or gone meanwhile: the next look finds it as it is. */
  async #patch(
    target: Target,
    object: PartialObjectMetadata,
    operations: readonly JsonPatchOperation[],
  ): Promise<boolean> {
    const { namespace, name } = keyOf(object);
    try {
      await target.objects.inNamespace(namespace).patch(name, { type: "json", operations }, { signal: this.#signal });
      return true;
    } catch (error) {
      if (isNotFound(error) || isConflict(error) || isInvalid(error)) return false;
      throw error;
    }
  }

  #fail(role: Role | undefined, resource: GroupResource, kind: string | undefined, error: unknown): void {
    this.#signal.throwIfAborted();
    const { group } = resource;
    this.result.failed({
      role,
      resource: formatGroupResource(resource),
      group,
      kind,
      error,
      isForbidden: isForbidden(error),
    });
  }
}
