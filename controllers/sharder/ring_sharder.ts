import pMap from "p-map";
import { Api } from "../../lib/k8s/api/api.ts";
import { leases } from "../../lib/k8s/kinds/coordination.ts";
import type { RestClient } from "../../lib/k8s/contract.ts";
import { formatKey, keyOf, type PartialObjectMetadata } from "../../lib/k8s/types.ts";
import type { RingWork } from "../../lib/rings/metrics/mod.ts";
import type { RingSnapshot } from "../../lib/rings/mod.ts";
import { brakesOf } from "../../lib/sharding/brakes.ts";
import { BoundedQueue } from "../../lib/util/bounded_queue.ts";
import type { Logger } from "../../lib/util/log.ts";
import { Families } from "./families.ts";
import { settleFamily } from "./family_moves.ts";
import { LeaseProbe } from "./lease_probe.ts";
import { MoveLimit } from "./move_limit.ts";
import { Mover, noDrains } from "./mover.ts";
import { OwnerLookup } from "./owner_lookup.ts";
import { nothingDone, pass, type PassKind, type PassParts, type PassResult } from "./pass.ts";
import { PendingDrains } from "./pending_drains.ts";
import { RingLedger, type SharderObserver } from "./ring_ledger.ts";
import { RingWatches } from "./ring_watches.ts";
import { resolveTargets, type ResourceLookup, type Target } from "./targets.ts";
import type { WatchParts } from "./selector_watch.ts";

/** Limits and periods of the sharder. */
export interface SharderSettings {
  /** Everything is looked at again after so long, in milliseconds. */
  readonly syncPeriod: number;
  /** Most objects of a ring that are written at the same time. */
  readonly concurrentMoves: number;
  /** Most objects that one shard may have been asked to let go of. */
  readonly maxPendingDrains: number;
  /** Most objects of a ring that are asked to leave a live shard in a second, where the ring has no limit; 0 for none. */
  readonly movesPerSecond?: number;
}

/** What a {@link RingSharder} works with. */
export interface RingSharderParts extends WatchParts {
  /** Name of the ring. */
  readonly ring: string;
  readonly snapshot: () => RingSnapshot | undefined;
  readonly client: RestClient;
  readonly lookup: ResourceLookup;
  readonly settings: SharderSettings;
  readonly moves: SharderObserver;
  /** Asks to be called again at once. */
  readonly wake: () => void;
  /** Objects of this shard cannot move before its Lease is taken over. */
  readonly onUnjudged: (shard: string) => void;
  readonly logger: Logger;
}

/** A change is looked after until a pass that began so long later finds nothing, in milliseconds. */
const afterCare = 10_000;

/** Children that are kept aside until their owners have moved: measured, about 600 bytes each with their owners. */
const maxChildrenAside = 30_000;

/** When there were more, the rest is looked for again after so long, in milliseconds. */
const overflowPause = 1_000;

/** Ended drains that wait to be looked at; when there are more, a pass looks at everything instead. */
const maxEndedDrains = 10_000;

/** Keeps the objects of one ring with their shards. Only the leading sharder has these. */
export class RingSharder {
  readonly #parts: RingSharderParts;
  readonly #families = new Families(maxChildrenAside);
  readonly #pending: PendingDrains;
  readonly #ledger: RingLedger;
  readonly #ended = new BoundedQueue<string>(maxEndedDrains);
  readonly #watches: RingWatches;
  readonly #probe: LeaseProbe;
  readonly #limit: MoveLimit;
  #targets: readonly Target[] = [];
  #need: PassKind | undefined = "all";
  /** When to look again after a change; undefined when a late look has found nothing. */
  #careAt: number | undefined;
  #lastAll = -Infinity;
  #congested: ReadonlySet<string> = new Set();
  #looking = false;
  /** Shards whose objects the last pass could not move yet. */
  #unjudged = 0;
  /** Objects that the last pass over everything left where they are, as the ring's brakes are on. */
  #braked = 0;

  /** @param signal ends the watches. */
  constructor(parts: RingSharderParts, signal: AbortSignal) {
    this.#parts = parts;
    const { ring, clock, moves: observer, snapshot } = parts;
    this.#careAt = clock.monotonic() + afterCare;
    this.#pending = new PendingDrains(() => clock.monotonic());
    this.#limit = new MoveLimit(clock, () => {
      const ring = snapshot()?.ring;
      const limit = (ring === undefined ? undefined : brakesOf(ring).movesPerSecond) ?? parts.settings.movesPerSecond;
      return limit === 0 ? undefined : limit;
    });
    const targets = (): readonly Target[] => this.#targets;
    this.#ledger = new RingLedger({ ring, clock, observer, pending: this.#pending, snapshot, targets });
    this.#watches = new RingWatches(parts, this.#pending, {
      onObject: (target, object) => this.#settleOne(target, object),
      onMissed: () => this.#wake("ownerless"),
      onDrainEnded: (key, drain) => {
        if (drain !== undefined) this.#ledger.drainEnded(key, drain);
        this.#noteEnded(key);
      },
    }, signal);
    this.#probe = new LeaseProbe(new Api(parts.client, leases), parts.ring, this.#watches.signal);
    this.#watches.signal.addEventListener("abort", () => this.#ended.close(), { once: true });
    this.#watches.alongside((signal) => this.#settleEnded(signal));
  }

  /** Notes that the shards or the scope of the ring have changed. */
  changed(need: PassKind): void {
    this.#ledger.changed();
    this.#careAt = this.#parts.clock.monotonic() + afterCare;
    // A pass whose moves wait for their turns would keep objects without a live owner waiting as well.
    this.#limit.sendAway();
    this.#require(need);
  }

  /**
   * Does the pass that is due, if one is.
   * @returns milliseconds until the next one is.
   * @throws AggregateError with the first failures of the pass; it is due again then.
   */
  async reconcile(signal: AbortSignal): Promise<number> {
    const { clock, settings } = this.#parts;
    const snapshot = this.#parts.snapshot();
    if (snapshot === undefined) return Infinity;
    const begin = clock.monotonic();
    const isAuditDue = begin - this.#lastAll >= settings.syncPeriod;
    const isCareDue = this.#careAt !== undefined && begin >= this.#careAt;
    const need = isAuditDue ? "all" : this.#need ?? (isCareDue ? "ownerless" : undefined);
    if (need !== undefined) await this.#look(need, snapshot, begin, signal);
    if (this.#need !== undefined) return overflowPause;
    const next = Math.min(this.#lastAll + settings.syncPeriod, this.#careAt ?? Infinity);
    return Math.max(next - clock.monotonic(), 1);
  }

  /** What is known of the ring's objects, for metrics. */
  work(): RingWork {
    return this.#ledger.work();
  }

  /** Ends all watches and resolves when they have ended. */
  async stop(): Promise<void> {
    await this.#watches.stop();
  }

  async #look(need: PassKind, snapshot: RingSnapshot, begin: number, signal: AbortSignal): Promise<void> {
    this.#need = undefined;
    let retry = need;
    this.#looking = true;
    this.#limit.open();
    this.#ledger.passBegins(need);
    try {
      const failures = await this.#prepare(snapshot, signal);
      const parts = this.#passParts(true);
      // What has no live owner does not wait for the turns of what has one.
      if (parts !== undefined && need === "all" && this.#limit.isSet) await pass("ownerless", parts, signal);
      const result = parts === undefined ? nothingDone : await pass(need, parts, signal);
      if (need === "all") this.#lastAll = begin;
      // What is not served has no objects, and will have new ones when it is: no reason to look at all others again.
      if (result.failed === 0) retry = "ownerless";
      this.#conclude(need, result, begin, failures);
    } catch (error) {
      this.#require(retry);
      throw error;
    } finally {
      this.#looking = false;
      this.#noteSettled();
    }
  }

  /** Tells the books when nothing is left to be done. */
  #noteSettled(): void {
    if (this.#looking || this.#need !== undefined || this.#congested.size > 0) return;
    if (this.#pending.size > 0 || this.#families.size > 0 || this.#unjudged > 0 || this.#braked > 0) return;
    if ((this.#parts.snapshot()?.view.available ?? 0) > 0) this.#ledger.settled();
  }

  /** Finds the resources, and sees to it that the watches are those for the present shards and scope. */
  async #prepare(snapshot: RingSnapshot, signal: AbortSignal): Promise<readonly Error[]> {
    const { lookup, client } = this.#parts;
    const { served, failures } = await resolveTargets(snapshot.ring, lookup, client, signal);
    this.#targets = served;
    await this.#watches.follow(snapshot, served, () => this.#forgetOthers(snapshot), signal);
    return failures;
  }

  /** Forgets drains in resources and namespaces that are the ring's no more: nobody watches them to their end. */
  #forgetOthers(snapshot: RingSnapshot): void {
    for (const key of this.#pending.keys()) {
      const [group, kind, namespace = ""] = key.split("/");
      const isServed = this.#targets.some(({ role, resource }) =>
        role === "main" && resource.group === group && resource.kind === kind
      );
      if (isServed && snapshot.selectsNamespace(namespace)) continue;
      this.#pending.delete(key);
      this.#families.take(key);
    }
  }

  #passParts(inPass = false): PassParts | undefined {
    const snapshot = this.#parts.snapshot();
    if (snapshot === undefined) return undefined;
    const owners = new OwnerLookup(this.#targets);
    return {
      snapshot,
      targets: this.#targets,
      owners,
      mover: new Mover(this.#parts.snapshot, owners, this.#ledger.writes(inPass), this.#probe),
      families: this.#families,
      pending: this.#pending,
      concurrency: this.#parts.settings.concurrentMoves,
      maxPendingDrains: this.#parts.settings.maxPendingDrains,
      turn: (signal) => this.#limit.turn(signal),
      ...(inPass ? { onListed: this.#ledger.listed } : {}),
    };
  }

  #conclude(kind: PassKind, result: PassResult, begin: number, unserved: readonly Error[]): void {
    const { logger, clock, onUnjudged } = this.#parts;
    const { listed, found, written, unjudged, congested, paused, limited, overflowed, failed, failures } = result;
    const seconds = (clock.monotonic() - begin) / 1_000;
    this.#ledger.passEnded(kind, { seconds, failed: failed + unserved.length, complete: result.complete });
    this.#unjudged = unjudged.size;
    if (found > 0 || failed > 0) {
      logger.info("pass ended", {
        kind,
        listed,
        found,
        written,
        paused,
        failed,
        seconds,
        pendingDrains: this.#pending.size,
      });
    }
    // What a late look finds may come from a replica that has not seen the change yet: look once more.
    if (this.#careAt !== undefined && begin >= this.#careAt) {
      this.#careAt = found > 0 ? clock.monotonic() + afterCare : undefined;
    }
    for (const shard of unjudged) onUnjudged(shard);
    if (kind === "all") {
      this.#congested = congested;
      this.#braked = paused + limited;
    }
    if (limited > 0) this.#require("all");
    // They may have let go of everything before the pass ended, and then nothing else would tell.
    this.#relieve();
    if (overflowed) this.#require("all");
    const all = [...unserved, ...failures];
    if (all.length > 0) throw new AggregateError(all, `${failed + unserved.length} objects or resources failed`);
  }

  /** One object without a live owner, as a doorbell tells of it. */
  async #settleOne(target: Target, object: PartialObjectMetadata): Promise<void> {
    const parts = this.#passParts();
    if (parts === undefined) return;
    const signal = this.#watches.signal;
    try {
      const outcome = await parts.mover.settle(target, object, signal, noDrains);
      if (outcome.type === "waiting") this.#parts.onUnjudged(outcome.shard);
    } catch (error) {
      if (signal.aborted) return;
      const what = `${target.resource.kind} ${formatKey(keyOf(object))}`;
      this.#parts.logger.warn("cannot give the object a shard yet, a pass will try again", { object: what, error });
      this.#wake("ownerless");
    }
  }

  #noteEnded(key: string): void {
    if (this.#families.has(key) && !this.#ended.push(key)) this.#wake("all");
    this.#relieve();
    this.#noteSettled();
  }

  /** Moves the children of objects that were let go of by their shards. */
  async #settleEnded(signal: AbortSignal): Promise<void> {
    await pMap(this.#ended, async (key) => {
      const parts = this.#passParts();
      const family = this.#families.take(key);
      if (parts === undefined || family === undefined) return;
      try {
        await settleFamily(family, parts, signal);
        this.#noteSettled();
      } catch (error) {
        if (signal.aborted) return;
        this.#parts.logger.warn("cannot move the children yet, a pass will try again", { owner: key, error });
        this.#wake("all");
      }
    }, { concurrency: this.#parts.settings.concurrentMoves });
  }

  /** Goes on with a shard's drains when it has let go of half of what it may have pending. */
  #relieve(): void {
    const half = this.#parts.settings.maxPendingDrains / 2;
    for (const shard of this.#congested) {
      if (this.#pending.countOf(shard) > half) continue;
      this.#congested = new Set();
      this.#wake("all");
      return;
    }
  }

  #require(need: PassKind): void {
    this.#need = need === "all" || this.#need === "all" ? "all" : "ownerless";
  }

  #wake(need: PassKind): void {
    this.#require(need);
    this.#parts.wake();
  }
}
