import type { ScreenEvent } from "../ring_view/mod.ts";
import { Api } from "../../lib/k8s/api/api.ts";
import type { RestClient } from "../../lib/k8s/contract.ts";
import { Discovery } from "../../lib/k8s/discovery.ts";
import { leases } from "../../lib/k8s/kinds/coordination.ts";
import { namespaces } from "../../lib/k8s/kinds/core.ts";
import { events } from "../../lib/k8s/kinds/events.ts";
import type { KubeEvent, LabelSelector, Lease } from "../../lib/k8s/types.ts";
import { Rings } from "../../lib/rings/mod.ts";
import { ObjectFeed, type ObjectMove, type RingReport, ringReport } from "../../lib/rings/report/mod.ts";
import { dropManagedFields, Informer } from "../../lib/runtime/watch/mod.ts";
import { leaseRingLabel } from "../../lib/sharding/names.ts";
import { type ControllerRing, controllerRings } from "../../lib/sharding/ring_types.ts";
import { leaseTimes } from "../../lib/sharding/lease_times.ts";
import { RingView } from "../../lib/sharding/ring_view.ts";
import type { Clock } from "../../lib/util/clock/mod.ts";
import { parseTime } from "../../lib/util/micro_time.ts";
import type { Random } from "../../lib/util/random.ts";
import { LeaseLog } from "./lease_log.ts";

/** What a {@link RingWatch} works with. */
export interface RingWatchOptions {
  /** The ring to look at; it must exist. */
  readonly ring: ControllerRing;
  readonly client: RestClient;
  readonly clock: Clock;
  readonly random: Random;
  /** Namespaces of a ring that selects none itself. @default all */
  readonly defaultNamespaceSelector?: LabelSelector;
  /** Which events are followed, as a field selector. @default all of the cluster */
  readonly eventSelector?: string;
}

/** What all of a {@link RingWatch} can be kept of, so that a demo that is left alone does not grow. */
const keptMoves = 20_000;
const keptEvents = 100;

/** A healthy shard renews its Lease about every 2 s: a longer silence is worth a word. Milliseconds. */
const noticeableSilence = 5_000;

/** Follows one ring with everything that a person may want to see of it: shards, objects, moves, Leases, events. */
export class RingWatch {
  readonly #name: string;
  readonly #clock: Clock;
  readonly #rings: Rings;
  readonly #feed: ObjectFeed;
  readonly #leaseLog = new LeaseLog();
  readonly #parts: readonly { run(signal: AbortSignal): Promise<void> }[];
  readonly #events: Informer<KubeEvent>;
  readonly #leases: Informer<Lease>;
  readonly #moves: ObjectMove[] = [];
  readonly #recent: ScreenEvent[] = [];
  #dropped = 0;
  #changed = Promise.withResolvers<void>();

  constructor(options: RingWatchOptions) {
    const { ring, client, clock, random, defaultNamespaceSelector = {}, eventSelector } = options;
    const parts = { clock, random, transform: dropManagedFields };
    this.#name = ring.metadata.name;
    this.#clock = clock;
    const fieldSelector = `metadata.name=${this.#name}`;
    const ringInformer = new Informer(new Api(client, controllerRings), { ...parts, fieldSelector });
    this.#leases = new Informer(new Api(client, leases), {
      ...parts,
      labelSelector: `${leaseRingLabel}=${this.#name}`,
    });
    const namespaceInformer = new Informer(new Api(client, namespaces).asMetadata(), parts);
    this.#events = new Informer<KubeEvent>(new Api(client, events), {
      ...parts,
      ...(eventSelector === undefined ? {} : { fieldSelector: eventSelector }),
    });
    this.#rings = new Rings({
      rings: ringInformer,
      leases: this.#leases,
      namespaces: namespaceInformer,
      clock,
      defaultNamespaceSelector,
    });
    this.#feed = new ObjectFeed({
      ring,
      client,
      lookup: new Discovery(client, { clock }),
      selects: (namespace) => this.#rings.get(this.#name)?.selectsNamespace(namespace) === true,
      clock,
      random,
    });
    this.#parts = [ringInformer, this.#leases, namespaceInformer, this.#events, this.#rings, this.#feed];
  }

  /** Resolves when all is known that there is. */
  async whenReady(signal: AbortSignal): Promise<void> {
    await Promise.all([this.#rings.whenReady(signal), this.#feed.whenSynced(signal)]);
  }

  /**
   * Follows the ring until the signal aborts.
   * @throws UnknownResourceError, ApiError, ConnectionError when the ring's resources cannot be found out.
   */
  async run(signal: AbortSignal): Promise<void> {
    const failed = new AbortController();
    const either = AbortSignal.any([signal, failed.signal]);
    try {
      await Promise.all([
        ...this.#parts.map((part) => part.run(either)),
        this.#readMoves(either),
        this.#readEvents(either),
        this.#readLeases(either),
        this.#readChanges(either),
      ]);
    } finally {
      failed.abort();
    }
  }

  /** Resolves at the next change of anything; never rejects. */
  get changed(): Promise<void> {
    return this.#changed.promise;
  }

  /** The ring's shards as they are now. */
  get view(): RingView {
    return this.#rings.get(this.#name)?.view ?? new RingView(this.#name, []);
  }

  /** Who has what, as of now; undefined while the ring is not there. */
  get report(): RingReport | undefined {
    const snapshot = this.#rings.get(this.#name);
    if (snapshot === undefined) return undefined;
    return ringReport({ ring: snapshot.ring, view: snapshot.view, objects: this.#feed.objects() });
  }

  /** The objects of the ring. */
  get objects(): ObjectFeed {
    return this.#feed;
  }

  /** What the Leases of the shards said, and when. */
  get leaseLog(): LeaseLog {
    return this.#leaseLog;
  }

  /** How many moves there were since the start: a mark to give to {@link movesSince}. */
  get moveMark(): number {
    return this.#dropped + this.#moves.length;
  }

  /** The moves after a mark, oldest first, as far as they were kept. */
  movesSince(mark: number): readonly ObjectMove[] {
    return this.#moves.slice(Math.max(0, mark - this.#dropped));
  }

  /** The last events, oldest first. */
  get events(): readonly ScreenEvent[] {
    return this.#recent;
  }

  /** Of each shard that is late with its renewal, milliseconds since the last one. */
  get silences(): ReadonlyMap<string, number> {
    const now = this.#clock.now();
    const late = new Map<string, number>();
    for (const lease of this.#leases.store.list()) {
      const times = leaseTimes(lease);
      const silence = times.usable ? now - times.renewTime : 0;
      if (silence >= noticeableSilence) late.set(lease.metadata.name, silence);
    }
    return late;
  }

  #notify(): void {
    const { resolve } = this.#changed;
    this.#changed = Promise.withResolvers();
    resolve();
  }

  async #readMoves(signal: AbortSignal): Promise<void> {
    for await (const move of this.#feed.moves(signal)) {
      this.#moves.push(move);
      if (this.#moves.length > keptMoves) {
        this.#moves.shift();
        this.#dropped += 1;
      }
      this.#notify();
    }
  }

  async #readLeases(signal: AbortSignal): Promise<void> {
    for await (const { type, object } of this.#leases.events(signal)) {
      this.#leaseLog.note(type === "deleted" ? undefined : object, object);
      this.#notify();
    }
  }

  async #readChanges(signal: AbortSignal): Promise<void> {
    for await (const _change of this.#rings.changes(signal)) this.#notify();
  }

  async #readEvents(signal: AbortSignal): Promise<void> {
    for await (const event of this.#events.events(signal)) {
      if ((event.type !== "added" && event.type !== "updated") || !isNews(event.object)) continue;
      this.#recent.push(screenEvent(event.object, this.#clock.now()));
      this.#recent.sort((a, b) => a.at - b.at);
      if (this.#recent.length > keptEvents) this.#recent.shift();
      this.#notify();
    }
  }
}

/** Of pods, only what goes wrong after their start: every one of them is scheduled, pulled and started. */
function isNews({ regarding, type, reason }: KubeEvent): boolean {
  if (regarding?.kind === "Node") return false;
  return regarding?.kind !== "Pod" || reason === "Killing" || (type === "Warning" && reason !== "Unhealthy");
}

function screenEvent(event: KubeEvent, now: number): ScreenEvent {
  const { eventTime, deprecatedLastTimestamp, series, type, reason = "", note = "", regarding } = event;
  const times = [series?.lastObservedTime, deprecatedLastTimestamp, eventTime].map((time) => parseTime(time));
  return {
    at: times.find((time) => time !== undefined) ?? now,
    type: type === "Warning" ? "Warning" : "Normal",
    reason,
    note: `${regarding?.kind?.toLowerCase() ?? "object"}/${regarding?.name ?? ""}: ${note}`,
  };
}
