import type { RestClient } from "../../lib/k8s/contract.ts";
import type { ObjectKey, PartialObjectMetadata } from "../../lib/k8s/types.ts";
import type { RingWork, RingWorkSource } from "../../lib/rings/metrics/mod.ts";
import type { RingChange, Rings, RingTroubles } from "../../lib/rings/mod.ts";
import {
  Controller,
  type ControllerObserver,
  type Enqueue,
  type ReconcileContext,
  type ReconcileResult,
  type Source,
} from "../../lib/runtime/controller/mod.ts";
import { ExponentialLimiter, type QueueObserver } from "../../lib/runtime/queue/mod.ts";
import type { Runnable } from "../../lib/runtime/runnable.ts";
import type { WatchObserver } from "../../lib/runtime/watch/mod.ts";
import type { Clock } from "../../lib/util/clock/mod.ts";
import { getLogger } from "../../lib/util/log.ts";
import type { Random } from "../../lib/util/random.ts";
import type { SharderObserver } from "./ring_ledger.ts";
import { RingReview } from "./ring_review.ts";
import { RingSharder } from "./ring_sharder.ts";
import type { SharderSettings } from "./settings.ts";
import type { ResourceLookup } from "./targets.ts";

/** What the {@link Sharder} works with. */
export interface SharderParts {
  readonly rings: Rings;
  readonly client: RestClient;
  readonly lookup: ResourceLookup;
  readonly settings: SharderSettings;
  readonly clock: Clock;
  readonly random: Random;
  /** Milliseconds for which nothing is to be labelled for a ring yet. @default 0 */
  readonly holdBack?: (ring: string) => number;
  /** Objects of a ring's shard cannot move before the shard's Lease is taken over. */
  readonly onUnjudged: (ring: string, shard: string) => void;
  readonly moves?: SharderObserver;
  /** Where to say what is wrong with rings. @default only the log says so */
  readonly troubles?: Pick<RingTroubles, "set" | "conclude">;
  /** An object of the ring was found without a shard, just after it came to be or was changed. */
  readonly onWithoutShard?: (ring: string, object: PartialObjectMetadata) => void;
  readonly observer?: ControllerObserver;
  readonly queueObserver?: QueueObserver;
  readonly watchObserver?: WatchObserver;
}

/** Rings that are looked after at the same time. */
const workers = 5;

/** First pause after a pass with failures, in milliseconds. */
const firstRetry = 5_000;

/** The longest one, if the sync period is not shorter: objects may be without an owner until then. */
const longestRetry = 30_000;

/** Keeps the objects of all rings with their shards: one {@link RingSharder} for each ring, called by a controller. */
export class Sharder implements Runnable, RingWorkSource {
  readonly name = "sharder";
  readonly #parts: SharderParts;
  #term: Term | undefined;

  constructor(parts: SharderParts) {
    this.#parts = parts;
  }

  /** What is known of the objects of all rings, for metrics; nothing while another replica leads. */
  work(): Iterable<RingWork> {
    return this.#term?.work() ?? [];
  }

  async run(signal: AbortSignal, kill?: AbortSignal): Promise<void> {
    const { clock, random, settings, observer, queueObserver } = this.#parts;
    const term = new Term(this.#parts, signal);
    this.#term = term;
    const controller = new Controller({
      name: this.name,
      reconcile: (key, context) => term.reconcile(key, context),
      sources: [term],
      workers,
      limiter: new ExponentialLimiter({
        initial: firstRetry,
        max: Math.max(Math.min(settings.syncPeriod, longestRetry), firstRetry),
      }),
      clock,
      random,
      ...(observer === undefined ? {} : { observer }),
      ...(queueObserver === undefined ? {} : { queueObserver }),
    });
    try {
      await controller.run(signal, kill);
    } finally {
      this.#term = undefined;
      await term.stop();
    }
  }
}

/** The time between becoming the leader and giving that up. */
class Term implements Source {
  readonly name = "changes of rings";
  readonly #parts: SharderParts;
  readonly #signal: AbortSignal;
  readonly #sharders = new Map<string, RingSharder>();
  #enqueue: Enqueue = () => undefined;

  constructor(parts: SharderParts, signal: AbortSignal) {
    this.#parts = parts;
    this.#signal = signal;
  }

  async start(enqueue: Enqueue, signal: AbortSignal): Promise<void> {
    this.#enqueue = enqueue;
    for await (const change of this.#parts.rings.changes(signal)) this.#note(change);
  }

  whenReady(signal: AbortSignal): Promise<void> {
    return this.#parts.rings.whenReady(signal);
  }

  async reconcile({ name }: ObjectKey, { signal }: ReconcileContext): Promise<ReconcileResult> {
    const known = this.#sharders.get(name);
    if (this.#parts.rings.get(name) === undefined) {
      this.#sharders.delete(name);
      await known?.stop();
      return {};
    }
    const pause = this.#parts.holdBack?.(name) ?? 0;
    if (pause > 0) return { requeueAfter: pause };
    const sharder = known ?? this.#create(name);
    this.#sharders.set(name, sharder);
    return { requeueAfter: await sharder.reconcile(signal) };
  }

  *work(): Generator<RingWork, void, undefined> {
    for (const sharder of this.#sharders.values()) yield sharder.work();
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#sharders.values()].map((sharder) => sharder.stop()));
  }

  #note({ ring, kind, joined }: RingChange): void {
    // A shard that joins takes over from others, which only a look at everything finds.
    const need = kind === "membership" && joined.length === 0 ? "ownerless" : "all";
    this.#sharders.get(ring)?.changed(need);
    this.#enqueue({ namespace: "", name: ring });
  }

  #create(ring: string): RingSharder {
    const { rings, client, lookup, settings, clock, random, moves = {}, troubles, watchObserver, onUnjudged } =
      this.#parts;
    const review = troubles === undefined
      ? undefined
      : new RingReview({ ring, client, lookup, troubles, clock, period: settings.syncPeriod });
    return new RingSharder({
      ring,
      client,
      lookup,
      settings,
      clock,
      random,
      moves,
      troubles,
      ...(review === undefined ? {} : { chores: [review], onFailed: (error) => review.noteFailure(error) }),
      onWithoutShard: (object) => this.#parts.onWithoutShard?.(ring, object),
      ...(watchObserver === undefined ? {} : { observer: watchObserver }),
      logger: getLogger(["sharding", "sharder"]).with({ ring }),
      snapshot: () => {
        const snapshot = rings.get(ring);
        return snapshot?.ring.metadata.deletionTimestamp === undefined ? snapshot : undefined;
      },
      wake: () => this.#enqueue({ namespace: "", name: ring }),
      onUnjudged: (shard) => onUnjudged(ring, shard),
    }, this.#signal);
  }
}
