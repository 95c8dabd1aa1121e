import type { Api } from "../../lib/k8s/api/api.ts";
import { isAlreadyExists, isConflict, isForbidden, isNotFound } from "../../lib/k8s/errors.ts";
import { formatKey, keyOf, type Lease, type ObjectKey } from "../../lib/k8s/types.ts";
import type { Rings, RingSnapshot, TrackedLease } from "../../lib/rings/mod.ts";
import type { Reconcile, ReconcileContext, ReconcileResult } from "../../lib/runtime/controller/mod.ts";
import type { EventRecorder } from "../../lib/runtime/events/mod.ts";
import { leaseRingLabel, leaseStateLabel } from "../../lib/sharding/names.ts";
import type { ShardJudgement, ShardState } from "../../lib/sharding/shard_state.ts";
import type { Clock } from "../../lib/util/clock/mod.ts";
import type { Logger } from "../../lib/util/log.ts";
import { recreated, released, takenOver } from "./lease_changes.ts";

/** What the reconciler works with. */
export interface ShardLeaseParts {
  readonly rings: Pick<Rings, "get" | "findLease" | "leaseOf" | "stateOf" | "forget" | "remember" | "letGo">;
  readonly leases: Api<Lease>;
  /** Is there an object in the ring's scope that is labelled with this shard? */
  readonly carriesObjects: (snapshot: RingSnapshot, shard: string, signal: AbortSignal) => Promise<boolean>;
  readonly recorder: Pick<EventRecorder, "record">;
  readonly clock: Clock;
}

/** While a dead shard's objects move, it is looked so often whether all have, in milliseconds. */
const moveCheck = 1_000;

/** While nobody could have a dead shard's objects, it is looked so often whether there are any left, in milliseconds. */
const idleCheck = 60_000;

/** Keeps the state label of shards' Leases, takes over those of shards that died, and cleans up behind them. */
export function shardLeaseReconciler(parts: ShardLeaseParts): Reconcile {
  const reconciler = new ShardLeaseReconciler(parts);
  return (key, context) => reconciler.reconcile(key, context);
}

class ShardLeaseReconciler {
  readonly #parts: ShardLeaseParts;
  /** What was wrong with a Lease when it was last looked at, so that it is reported once. */
  readonly #problems = new Map<string, string>();

  constructor(parts: ShardLeaseParts) {
    this.#parts = parts;
  }

  async reconcile(key: ObjectKey, { signal, logger }: ReconcileContext): Promise<ReconcileResult> {
    const { rings } = this.#parts;
    const tracked = rings.findLease(key);
    const snapshot = tracked === undefined ? undefined : rings.get(tracked.ring);
    if (tracked === undefined || snapshot === undefined) {
      this.#problems.delete(formatKey(key));
      return {};
    }
    // Whoever it belongs to: it is no shard's, and we do not touch it. The ring's condition names it.
    if (!snapshot.admits(keyOf(tracked.lease).namespace)) return {};
    const judgement = rings.stateOf(tracked.lease);
    this.#report(tracked, snapshot, judgement, logger);
    try {
      // What follows is written with the version that the label has left.
      const lease = tracked.ghost ? tracked.lease : await this.#label(tracked.lease, judgement.state, signal);
      return await this.#act({ ...tracked, lease }, snapshot, judgement, signal, logger);
    } catch (error) {
      // The shard, or another sharder, was faster: what it wrote comes as an event.
      if (!isConflict(error) && !isAlreadyExists(error) && !isNotFound(error)) throw error;
      logger.debug("the Lease has changed meanwhile", { error });
      return { requeueAfter: moveCheck };
    }
  }

  async #act(
    tracked: TrackedLease,
    snapshot: RingSnapshot,
    judgement: ShardJudgement,
    signal: AbortSignal,
    logger: Logger,
  ): Promise<ReconcileResult> {
    const { lease } = tracked;
    switch (judgement.state) {
      case "ready":
      case "expired":
        return next(judgement);
      case "uncertain":
        if (!await this.#takeOver(tracked, signal)) return { requeueAfter: idleCheck };
        logger.info("took over the Lease of a shard that did not renew it", { ring: tracked.ring });
        return { requeueAfter: moveCheck };
      case "dead":
      case "orphaned":
        if (await this.#hasObjects(lease, snapshot, signal)) {
          // Held for nothing, the Lease would only keep the shard itself from coming back to its objects.
          if (!canMove(this.#parts.rings.get(tracked.ring))) {
            if (judgement.holder === "sharder" && !tracked.ghost) await this.#giveBack(lease, signal);
            return { requeueAfter: idleCheck };
          }
          if (isHoldNeeded(judgement)) {
            if (!await this.#takeOver(tracked, signal)) return { requeueAfter: idleCheck };
            const { ring } = tracked;
            if (judgement.holder === "sharder") logger.debug("renewed the take-over of a Lease", { ring });
            else logger.info("took over the Lease of a shard that is gone, to move its objects", { ring });
          }
          return { requeueAfter: moveCheck };
        }
        return await this.#cleanUp(tracked, judgement, signal, logger);
    }
  }

  /** Nothing belongs to the shard any more. */
  async #cleanUp(
    { lease, ghost }: TrackedLease,
    judgement: ShardJudgement,
    signal: AbortSignal,
    logger: Logger,
  ): Promise<ReconcileResult> {
    const { rings } = this.#parts;
    const { namespace } = keyOf(lease);
    const leases = this.#parts.leases.inNamespace(namespace);
    if (ghost) {
      rings.forget(lease);
      return {};
    }
    if (judgement.holder === "sharder") {
      await this.#giveBack(lease, signal);
      logger.info("released the Lease: no object belongs to the shard any more");
      return {};
    }
    if (judgement.state !== "orphaned") return next(judgement);
    rings.forget(lease);
    try {
      const { uid, resourceVersion } = lease.metadata;
      const preconditions = {
        ...(uid === undefined ? {} : { uid }),
        ...(resourceVersion === undefined ? {} : { resourceVersion }),
      };
      await leases.delete(lease.metadata.name, { preconditions, signal });
    } catch (error) {
      if (!isNotFound(error)) rings.remember(lease);
      throw error;
    }
    logger.info("deleted the Lease of a shard that has been gone for a minute");
    return {};
  }

  async #giveBack(lease: Lease, signal: AbortSignal): Promise<void> {
    const leases = this.#parts.leases.inNamespace(lease.metadata.namespace);
    this.#parts.rings.letGo(lease);
    await leases.replace(released(lease, this.#parts.clock.now()), { signal });
  }

  /** Only the Lease that counts for the shard's name has to do with objects. */
  async #hasObjects(lease: Lease, snapshot: RingSnapshot, signal: AbortSignal): Promise<boolean> {
    const { name } = lease.metadata;
    const counting = this.#parts.rings.leaseOf(snapshot.ring.metadata.name, name);
    if (counting !== undefined && formatKey(keyOf(counting.lease)) !== formatKey(keyOf(lease))) return false;
    return await this.#parts.carriesObjects(snapshot, name, signal);
  }

  /** False when that is not ours to do: the Lease has lost the ring's label, and is somebody's all the same. */
  async #takeOver({ lease, ring, ghost }: TrackedLease, signal: AbortSignal): Promise<boolean> {
    const leases = this.#parts.leases.inNamespace(lease.metadata.namespace);
    const now = this.#parts.clock.now();
    if (!ghost) {
      await leases.replace(takenOver(lease, now), { signal });
      return true;
    }
    const present = await leases.find(lease.metadata.name, { signal });
    if (present === undefined) return await this.#create(lease, now, signal);
    const { metadata, spec } = present;
    // Without the label nobody watches it; unless it was renewed meanwhile, it is what was judged.
    if (metadata.labels?.[leaseRingLabel] || spec?.renewTime !== lease.spec?.renewTime) return false;
    const labels = { ...metadata.labels, [leaseRingLabel]: ring };
    await leases.replace(takenOver({ ...present, metadata: { ...metadata, labels } }, now), { signal });
    return true;
  }

  /**
   * Takes over a Lease that is gone. False where the sharder may not create any, as with the reference's rights: then
   * the shard, which is silent for longer than it may work, is forgotten, and its objects move as those whose label
   * names no shard. Leases are read right before each of these moves.
   */
  async #create(lease: Lease, now: number, signal: AbortSignal): Promise<boolean> {
    try {
      await this.#parts.leases.inNamespace(lease.metadata.namespace).create(recreated(lease, now), { signal });
      return true;
    } catch (error) {
      if (!isForbidden(error)) throw error;
      this.#parts.rings.forget(lease);
      return false;
    }
  }

  /** Returns the Lease as it is then. The version sees to it that it is the one that was judged. */
  async #label(lease: Lease, state: ShardState, signal: AbortSignal): Promise<Lease> {
    const { name, namespace, labels, resourceVersion } = lease.metadata;
    if (labels?.[leaseStateLabel] === state) return lease;
    const metadata = { resourceVersion, labels: { [leaseStateLabel]: state } };
    const leases = this.#parts.leases.inNamespace(namespace);
    return await leases.patch(name, { type: "merge", patch: { metadata } }, { signal });
  }

  /** Says once what is wrong with a Lease, in the log and as an event on its ring. */
  #report(tracked: TrackedLease, snapshot: RingSnapshot, judgement: ShardJudgement, logger: Logger): void {
    const lease = formatKey(keyOf(tracked.lease));
    const { problem } = judgement;
    if (problem === undefined) {
      this.#problems.delete(lease);
      return;
    }
    if (this.#problems.get(lease) === problem) return;
    this.#problems.set(lease, problem);
    const message = `Lease ${lease} of a shard has no usable times: ${problem}. ` +
      "A shard has to renew it with holderIdentity, leaseDurationSeconds, acquireTime and renewTime.";
    logger.warn("the Lease of a shard has no usable times", { ring: tracked.ring, problem });
    this.#parts.recorder.record(snapshot.ring, { type: "Warning", reason: "InvalidLease", action: "Judge", message });
  }
}

/** Are there shards that could have a dead one's objects, and does the sharder still give them any? */
function canMove(snapshot: RingSnapshot | undefined): boolean {
  return snapshot !== undefined && snapshot.ring.metadata.deletionTimestamp === undefined &&
    snapshot.view.available > 0;
}

/** Do we not hold the Lease, or not for long any more? */
function isHoldNeeded({ held, nextChange = Infinity }: ShardJudgement): boolean {
  return !held || nextChange < renewBefore;
}

/** A take-over is renewed when it would run out within so many milliseconds. */
const renewBefore = 6_000;

function next({ nextChange }: ShardJudgement): ReconcileResult {
  return nextChange === undefined ? {} : { requeueAfter: nextChange };
}
