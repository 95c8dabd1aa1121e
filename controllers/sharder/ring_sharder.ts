import { Api } from "../../lib/k8s/api/api.ts";
import { leases } from "../../lib/k8s/kinds/coordination.ts";
import type { RingWork } from "../../lib/rings/metrics/mod.ts";
import type { RingSnapshot } from "../../lib/rings/mod.ts";
import { Backlog } from "./passes/backlog.ts";
import { type ChoreContext, doChores } from "./chore.ts";
import { drainsOutOfScope, hasUnwantedDrains } from "./drains/drain_review.ts";
import { EndedDrains } from "./drains/ended_drains.ts";
import { FailedObjects } from "./passes/failed_objects.ts";
import { Families } from "./families/families.ts";
import { knownTargets } from "./known_targets.ts";
import { LeaseProbe } from "./lease_probe.ts";
import { MoveLimit, movesPerSecondOf } from "./move_limit.ts";
import { Mover } from "./mover.ts";
import { OwnerLookup } from "./families/owner_lookup.ts";
import { Outdating } from "./passes/outdating.ts";
import { nothingDone, pass, type PassParts, type PassResult } from "./passes/pass.ts";
import type { ObjectReference, PassScope } from "./passes/pass_scope.ts";
import { PassSchedule } from "./passes/pass_schedule.ts";
import { PendingDrains } from "./drains/pending_drains.ts";
import { RingLedger } from "./ring_ledger.ts";
import type { RingSharderParts } from "./ring_sharder_parts.ts";
import { RingWatches } from "./watches/ring_watches.ts";
import { type RungParts, settleRung } from "./watches/rung_objects.ts";
import { StuckDrains } from "./drains/stuck_drains.ts";
import { resolveTargets, type Target, type TargetError } from "./targets.ts";

/** Children that are kept aside until their owners have moved: measured, about 600 bytes each with their owners. */
const usualChildrenAside = 30_000;

/** Keeps the objects of one ring with their shards. Only the leading sharder has these. */
export class RingSharder {
  readonly #parts: RingSharderParts;
  readonly #schedule: PassSchedule;
  readonly #failed: FailedObjects;
  readonly #stuck: StuckDrains;
  readonly #backlog = new Backlog();
  readonly #maxChildrenAside: number;
  readonly #families: Families;
  readonly #pending: PendingDrains;
  readonly #ledger: RingLedger;
  readonly #ended: EndedDrains;
  readonly #watches: RingWatches;
  readonly #probe: LeaseProbe;
  readonly #limit: MoveLimit;
  readonly #outdating = new Outdating();
  #targets: readonly Target[] = [];
  #looking = false;

  /** @param signal ends the watches. */
  constructor(parts: RingSharderParts, signal: AbortSignal) {
    this.#parts = parts;
    const { ring, clock, random, moves: observer, snapshot, settings, logger, troubles } = parts;
    this.#schedule = new PassSchedule(clock, random, settings.syncPeriod);
    this.#maxChildrenAside = settings.maxChildrenAside ?? usualChildrenAside;
    this.#families = new Families(this.#maxChildrenAside);
    this.#failed = new FailedObjects(clock, random);
    const pending = this.#pending = new PendingDrains(() => clock.monotonic());
    this.#stuck = new StuckDrains({ ring, pending, clock, troubles, logger, deadline: settings.drainDeadline });
    this.#limit = new MoveLimit(clock, () => movesPerSecondOf(snapshot()?.ring, settings.movesPerSecond));
    const targets = (): readonly Target[] => this.#targets;
    this.#ledger = new RingLedger({ ring, clock, observer, pending, snapshot, targets });
    this.#ended = new EndedDrains({
      families: this.#families,
      parts: () => this.#passParts(),
      concurrency: settings.concurrentMoves,
      onMissed: () => this.#wake("all"),
      onFailed: (objects) => this.#retry(objects),
      onSettled: () => {
        this.#relieve();
        this.#noteSettled();
      },
      logger,
    });
    const rung: RungParts = {
      ...parts,
      mover: () => this.#passParts()?.mover,
      signal: () => this.#watches.signal,
      onRetry: (object) => this.#retry([object]),
    };
    this.#watches = new RingWatches(parts, pending, {
      onObject: (target, object) => settleRung(target, object, rung),
      onMissed: () => this.#wake("ownerless"),
      onDrainEnded: (key, drain) => {
        if (drain !== undefined) this.#ledger.drainEnded(key, drain);
        this.#ended.note(key);
        this.#relieve();
        if (drain !== undefined && this.#stuck.isStuck(drain.shard)) parts.wake();
        this.#noteSettled();
      },
    }, signal);
    const admits = (namespace: string): boolean => snapshot()?.admits(namespace) ?? true;
    const where = { namespaces: settings.leaseNamespaces, admits };
    this.#probe = new LeaseProbe(new Api(parts.client, leases), ring, this.#watches.signal, where);
    this.#watches.alongside((signal) => this.#ended.run(signal));
  }

  /** Notes that the shards or the scope of the ring have changed. */
  changed(need: "all" | "ownerless"): void {
    this.#ledger.changed();
    // A pass whose moves wait for their turns would keep objects without a live owner waiting as well.
    this.#limit.sendAway();
    this.#schedule.changed(need);
    // Some objects may have to stay after all.
    if (this.#pending.size > 0) this.#schedule.require("draining");
  }

  /**
   * Does the pass that is due, if one is, and then the chores.
   * @returns milliseconds until the next one is.
   * @throws AggregateError with the first failures when a pass has to be done again, or a chore.
   */
  async reconcile(signal: AbortSignal): Promise<number> {
    const snapshot = this.#parts.snapshot();
    if (snapshot === undefined) return Infinity;
    const due = this.#nextScope(snapshot);
    const failures: unknown[] = [];
    try {
      if (due !== undefined) await this.#look(due, snapshot, signal);
    } catch (error) {
      signal.throwIfAborted();
      failures.push(error);
    }
    // Before a chore says that everything was looked at.
    const late = this.#stuck.check();
    const pause = await doChores(this.#parts.chores ?? [], () => this.#choreContext(), failures, signal);
    if (failures.length === 1) throw failures[0];
    if (failures.length > 1) throw new AggregateError(failures, "a pass and what comes after it failed");
    return Math.min(this.#schedule.pause, this.#failed.pause, late, pause);
  }

  /** What is known of the ring's objects, for metrics. */
  work(): RingWork {
    return this.#ledger.work(this.#backlog.heldBack);
  }

  /** Ends all watches and resolves when they have ended. */
  async stop(): Promise<void> {
    await this.#watches.stop();
    this.#stuck.forget();
  }

  /** What the next pass is about; undefined when none is due. */
  #nextScope(snapshot: RingSnapshot): PassScope | undefined {
    const due = this.#schedule.take();
    const isInVain = due?.type === "draining" && !hasUnwantedDrains(this.#pending, snapshot);
    if (due !== undefined && !isInVain) return due;
    const objects = this.#failed.takeDue();
    return objects.length === 0 ? undefined : { type: "objects", objects };
  }

  async #look(scope: PassScope, snapshot: RingSnapshot, signal: AbortSignal): Promise<void> {
    const begin = this.#parts.clock.monotonic();
    this.#looking = true;
    this.#limit.open();
    this.#ledger.passBegins(scope.type);
    try {
      const unserved = await this.#prepare(snapshot, signal);
      this.#conclude(scope, await this.#pass(scope, signal), begin, unserved);
    } finally {
      this.#looking = false;
      this.#failed.tried();
      this.#noteSettled();
    }
  }

  async #pass(scope: PassScope, signal: AbortSignal): Promise<PassResult> {
    const common = this.#passParts(true);
    if (common === undefined) return nothingDone;
    const isOutdated = this.#outdating.of(scope.type, common.snapshot.view, () => this.#parts.snapshot()?.view);
    const parts = { ...common, isOutdated };
    // What has no live owner does not wait for the turns of what has one.
    const isSlow = scope.type === "all" && this.#limit.isSet;
    if (isSlow) this.#retry((await pass({ type: "ownerless" }, parts, signal)).failedObjects);
    return await pass(scope, parts, signal);
  }

  /** Finds the resources, and sees to it that the watches are those for the present shards and scope. */
  async #prepare(snapshot: RingSnapshot, signal: AbortSignal): Promise<readonly TargetError[]> {
    const { lookup, client } = this.#parts;
    const resolved = await resolveTargets(snapshot.ring, lookup, client, signal);
    this.#targets = knownTargets(resolved, snapshot.ring, this.#targets);
    await this.#watches.follow(snapshot, this.#targets, () => this.#forgetOthers(snapshot), signal);
    return resolved.failures;
  }

  #forgetOthers(snapshot: RingSnapshot): void {
    for (const key of drainsOutOfScope(this.#pending, this.#targets, snapshot)) {
      this.#pending.delete(key);
      this.#families.take(key);
    }
  }

  #choreContext(): ChoreContext | undefined {
    const snapshot = this.#parts.snapshot();
    return snapshot && { snapshot, targets: this.#targets, pending: this.#pending };
  }

  #passParts(inPass = false): PassParts | undefined {
    const snapshot = this.#parts.snapshot();
    if (snapshot === undefined) return undefined;
    const owners = new OwnerLookup(this.#targets, this.#parts.settings.referenceKeys);
    return {
      snapshot,
      targets: this.#targets,
      owners,
      mover: new Mover(this.#parts.snapshot, owners, this.#ledger.writes(inPass), this.#probe),
      families: this.#families,
      pending: this.#pending,
      concurrency: this.#parts.settings.concurrentMoves,
      maxPendingDrains: this.#parts.settings.maxPendingDrains,
      turn: async (signal) => {
        if (this.#ended.areMany) await this.#limit.hold((until) => this.#ended.untilFew(until), signal);
        return await this.#limit.turn(signal);
      },
      isRetried: (object) => this.#failed.has(object),
      ...(inPass ? { onListed: this.#ledger.listed } : {}),
    };
  }

  #conclude(scope: PassScope, result: PassResult, begin: number, unserved: readonly TargetError[]): void {
    const { logger, clock, onUnjudged, onFailed } = this.#parts;
    const { listed, found, written, unjudged, paused, limited, overflowed, failed, failures, missed } = result;
    const [kind, seconds] = [scope.type, (clock.monotonic() - begin) / 1_000];
    this.#ledger.passEnded(kind, { seconds, failed: failed + unserved.length, complete: result.complete });
    if (found > 0 || failed > 0) {
      const pendingDrains = this.#pending.size;
      logger.info("pass ended", { kind, listed, found, written, paused, failed, seconds, pendingDrains });
    }
    for (const failure of failures) onFailed?.(failure);
    for (const shard of unjudged) onUnjudged(shard);
    this.#backlog.note(scope, result);
    const isUnknown = unserved.some(({ isAbsent }) => !isAbsent);
    const isMissed = !this.#failed.note(result.failedObjects) || missed || isUnknown;
    this.#outdating.note(scope.type, result.outdated);
    if (isMissed) this.#schedule.missed(scope, begin);
    else if (result.outdated) this.#schedule.outdated(scope);
    else this.#schedule.ended(scope, begin, found);
    // They may have let go of everything before the pass ended, and then nothing else would tell.
    this.#relieve();
    // While many owners are asked to move, their children would fill the room again and again.
    if (overflowed) this.#schedule.requireAgain("later");
    if (limited > 0) this.#schedule.requireAgain("soon");
    if (failed + unserved.length === 0) return;
    const message = `${failed + unserved.length} objects or resources failed`;
    const error = new AggregateError([...unserved, ...failures], message);
    // What does not exist has no objects, and will have new ones when it does: no reason to look at all others again.
    if (!isMissed && unserved.length > 0) this.#schedule.require("ownerless");
    if (isMissed || unserved.length > 0) throw error;
    logger.warn("objects could not be brought to their shards, they are tried again", { failed, error });
  }

  /** Has objects tried again one by one. */
  #retry(objects: readonly ObjectReference[]): void {
    if (objects.length === 0) return;
    if (!this.#failed.note(objects)) this.#schedule.require("all");
    this.#parts.wake();
  }

  /** Tells the books when nothing is left to be done. */
  #noteSettled(): void {
    if (this.#looking || !this.#schedule.isIdle || !this.#backlog.isEmpty) return;
    if (this.#pending.size > 0 || this.#families.size > 0 || this.#failed.size > 0) return;
    const snapshot = this.#parts.snapshot();
    if (snapshot !== undefined && snapshot.view.available > 0 && !snapshot.isSettling) this.#ledger.settled();
  }

  /**
   * Goes on with a shard's drains when it has let go of half of what it may have pending, and with children that found no
   * room when others have left half of it.
   */
  #relieve(): void {
    const relieved = this.#backlog.takeRelieved(this.#pending, this.#parts.settings.maxPendingDrains);
    if (relieved.length > 0) this.#schedule.requireShards(relieved);
    const hasRoom = this.#backlog.takeRoom(this.#families, this.#maxChildrenAside);
    if (hasRoom) this.#schedule.requireAgain("soon");
    if (relieved.length > 0 || hasRoom) this.#parts.wake();
  }

  #wake(need: "all" | "ownerless"): void {
    this.#schedule.require(need);
    this.#parts.wake();
  }
}
