import { abortable } from "../k8s/abortable.ts";
import type { KubeObject, LabelSelector, Lease, ObjectKey, PartialObjectMetadata } from "../k8s/types.ts";
import type { Runnable } from "../runtime/runnable.ts";
import type { Informer, InformerEvent } from "../runtime/watch/mod.ts";
import { hasSameBrakes } from "../sharding/brakes.ts";
import { hasSameLeaseNamespaces } from "../sharding/lease_namespaces.ts";
import type { ControllerRing } from "../sharding/ring_types.ts";
import type { RingView } from "../sharding/ring_view.ts";
import { ourTiming, type ShardJudgement, type ShardTiming } from "../sharding/shard_state.ts";
import type { Clock } from "../util/clock/mod.ts";
import { getLogger, type Logger } from "../util/log.ts";
import { Alarm } from "./alarm.ts";
import type { TrackedLease } from "./lease_track.ts";
import type { LeaseTracks } from "./lease_tracks.ts";
import { Members, type MembersNow } from "./members.ts";
import { ChangeFeed, changeOf, type RingChange } from "./ring_change.ts";
import { RingSnapshot } from "./ring_snapshot.ts";
import { Scopes } from "./scopes.ts";
import { UnknownShards } from "./unknown_shards.ts";

/** What is needed of an informer. */
export type Followed<T extends KubeObject> = Pick<Informer<T>, "store" | "events" | "watchingSince">;

/** What {@link Rings} works with. Times are in milliseconds. */
export interface RingsOptions {
  readonly rings: Followed<ControllerRing>;
  /** Of Leases with a ring label only (label selector `leaseRingLabel`), so that no others are kept in memory. */
  readonly leases: Followed<Lease>;
  readonly namespaces: Followed<PartialObjectMetadata>;
  readonly clock: Clock;
  /** Selects the namespaces of rings that do not do so themselves. */
  readonly defaultNamespaceSelector: LabelSelector;
  /** @default ourTiming */
  readonly timing?: ShardTiming;
  /** How long a Lease is remembered that somebody else deleted. @default one hour, longer for very long Leases */
  readonly ghostRetention?: number;
  /** The first shards of a ring wait so long for each other; see `join_windows.ts`. @default 0, not at all */
  readonly joinWindow?: number;
  /** Joins are told when the shards have not changed for so long; see `settle_windows.ts`. @default 0, at once */
  readonly settleWindow?: number;
  /** A shard that was lost with most others is waited for so many durations of its Lease longer. @default 0 */
  readonly massLossHold?: number;
  readonly logger?: Logger;
  /** Hears each time that the hash ring of a ring is calculated. */
  readonly onCalculation?: (ring: string) => void;
}

/** While Leases cannot be watched, and so nobody is judged, it is looked so often whether they can be again. */
const brokenWatchCheck = 1_000;

/**
 * The rings and their shards as they are now. A ring's snapshot is made anew when the ring changes, a shard changes its
 * status, or a deadline passes; never for a renewal, nor for a request. Everything happens in memory: asking costs one
 * look into a map.
 */
export class Rings implements Runnable {
  readonly name = "rings";
  readonly #options: RingsOptions;
  readonly #logger: Logger;
  readonly #tracks: LeaseTracks;
  readonly #feed = new ChangeFeed();
  readonly #snapshots = new Map<string, RingSnapshot>();
  readonly #scopes: Scopes;
  readonly #members: Members;
  readonly #unknown: UnknownShards;
  readonly #ready = Promise.withResolvers<void>();
  #started = false;
  readonly #alarm: Alarm;

  constructor(options: RingsOptions) {
    const { clock, leases, timing = ourTiming, ghostRetention = 3_600_000 } = options;
    const { joinWindow = 0, settleWindow = 0, massLossHold = 0 } = options;
    const watchingSince = (): number | undefined => leases.watchingSince;
    this.#options = options;
    this.#logger = options.logger ?? getLogger(["sharding", "rings"]);
    this.#scopes = new Scopes(options.defaultNamespaceSelector, this.#logger);
    const windows = { joinWindow, settleWindow };
    this.#members = new Members({ clock, timing, ghostRetention, massLossHold, watchingSince, ...windows });
    this.#tracks = this.#members.tracks;
    this.#unknown = new UnknownShards({ now: () => clock.monotonic(), watchingSince });
    this.#alarm = new Alarm(clock, () => this.#onAlarm());
    this.#ready.promise.catch(() => undefined); // Nobody may be waiting when it fails.
  }

  /** The ring of this name; undefined when there is none, and before {@link whenReady}. */
  get(ring: string): RingSnapshot | undefined {
    return this.#snapshots.get(ring);
  }

  /** All rings, in no particular order. */
  list(): IterableIterator<RingSnapshot> {
    return this.#snapshots.values();
  }

  /** Resolves when all rings are known; rejects when `signal` aborts, or when this was stopped before. */
  whenReady(signal?: AbortSignal): Promise<void> {
    return abortable(this.#ready.promise, signal);
  }

  /** Each ring that there is, as a change of its spec, then every change. Ends with the signal. */
  changes(signal: AbortSignal): AsyncIterable<RingChange> {
    const initial = (): RingChange[] => [...this.#snapshots.keys()].map((ring) => changeOf(ring, "spec"));
    return this.#feed.subscribe(initial, signal);
  }

  /** The Lease of the shard that objects of the ring are labelled with: of several of one name the one that counts. */
  leaseOf(ring: string, shard: string): TrackedLease | undefined {
    const found = this.#snapshots.get(ring)?.view.shard(shard);
    if (found === undefined) return undefined;
    return this.#tracks.get(ring, found);
  }

  /** All Leases of a ring, also those that count for nothing and those that are gone. */
  leasesOf(ring: string): readonly TrackedLease[] {
    return [...this.#tracks.of(ring)];
  }

  /** The Lease of this key, there or gone, of whatever ring. */
  findLease(key: ObjectKey): TrackedLease | undefined {
    return this.#tracks.find(key);
  }

  /** Judges a Lease as of now, by what this process has seen of it. */
  stateOf(lease: Lease): ShardJudgement {
    return this.#tracks.judge(lease);
  }

  /**
   * To be called before we delete a Lease because nothing belongs to its shard any more (its ghost would be waited
   * for), or when nothing belongs to a ghost any more.
   */
  forget(lease: Lease): void {
    this.#rebuild(this.#tracks.forget(lease));
  }

  /**
   * To be called before we give back a Lease that we hold: from then on its shard may come back at any time, so we
   * count as not holding it, whether or not the release is seen (or succeeds).
   */
  letGo(lease: Lease): void {
    this.#rebuild(this.#tracks.letGo(lease));
  }

  /** To be called when a deletion that {@link forget} announced has failed. */
  remember(lease: Lease): void {
    this.#tracks.remember(lease);
  }

  /**
   * Follows the informers, which somebody else runs, until the signal aborts.
   * @throws Error when it is called a second time.
   */
  async run(signal: AbortSignal): Promise<void> {
    if (this.#started) throw new Error("the rings were started before");
    this.#started = true;
    const { rings, leases, namespaces } = this.#options;
    const failed = new AbortController();
    const either = AbortSignal.any([signal, failed.signal]);
    try {
      await Promise.all([rings, leases, namespaces].map((informer) => informer.store.whenReady(either)));
      // All in one turn: the subscriptions tell again what is there, which then is nothing new.
      for (const lease of leases.store.list()) this.#tracks.observe(lease);
      this.#scopes.begin(namespaces.store.list());
      for (const ring of rings.store.list()) this.#onRing(ring);
      this.#setAlarm();
      this.#ready.resolve();
      await Promise.all([
        this.#follow(namespaces, either, (event) => {
          for (const change of this.#scopes.note(event)) this.#feed.publish(change);
        }),
        this.#follow(rings, either, (event) => this.#onRingEvent(event)),
        this.#follow(leases, either, (event) => this.#onLeaseEvent(event)),
      ]);
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      failed.abort();
      this.#alarm[Symbol.dispose]();
      this.#ready.reject(signal.reason ?? new Error("the rings are not followed any more"));
      this.#feed.close();
    }
  }

  async #follow<T extends KubeObject>(
    informer: Followed<T>,
    signal: AbortSignal,
    handle: (event: InformerEvent<T>) => void,
  ): Promise<void> {
    for await (const event of informer.events(signal)) handle(event);
  }

  #onRingEvent(event: InformerEvent<ControllerRing>): void {
    if (event.type !== "deleted") return this.#onRing(event.object);
    const { name } = event.object.metadata;
    for (const part of [this.#unknown, this.#members, this.#scopes]) part.forget(name);
    if (this.#snapshots.delete(name)) this.#feed.publish(changeOf(name, "gone"));
  }

  #onRing(ring: ControllerRing): void {
    const { name } = ring.metadata;
    const previous = this.#snapshots.get(name);
    // The sharder's own writes of the status are nothing new.
    if (previous !== undefined && isSameSpec(previous.ring, ring)) {
      this.#store(ring, previous.view);
      return;
    }
    this.#scopes.follow(ring);
    this.#members.follow(ring);
    const isSameMembers = previous !== undefined && hasSameLeaseNamespaces(previous.ring, ring);
    const view = isSameMembers ? previous.view : this.#members.viewOf(name, previous?.view);
    this.#unknown.said(this.#store(ring, view));
    this.#feed.publish(changeOf(name, "spec"));
    this.#setAlarm();
  }

  #onLeaseEvent(event: InformerEvent<Lease>): void {
    const { object } = event;
    this.#rebuild(event.type === "deleted" ? this.#tracks.remove(object) : this.#tracks.observe(object));
    // A renewal makes the alarm ring early, which then finds the next moment: so the renewal itself costs nothing.
    this.#alarm.at(event.type === "deleted" ? this.#tracks.nextReview() : this.#tracks.dueOf(object));
  }

  /** Makes the views of these rings anew. */
  #rebuild(names: Iterable<string>): void {
    for (const name of new Set(names)) {
      const previous = this.#snapshots.get(name);
      // Leases may be there before their ring, and after it.
      if (previous !== undefined) this.#tell(previous.ring, this.#members.update(previous.view));
    }
    this.#alarm.at(this.#members.nextWindow);
  }

  #tell(ring: ControllerRing, { view, change }: MembersNow): void {
    this.#store(ring, view);
    this.#logger.debug("the shards of a ring have changed", { ...change, available: view.available });
    this.#feed.publish(change);
  }

  #closeWindows(): void {
    for (const news of this.#members.closeWindows((ring) => this.#snapshots.get(ring)?.view)) {
      if (!("view" in news)) {
        this.#feed.publish(news);
        continue;
      }
      const snapshot = this.#snapshots.get(news.view.ring);
      if (snapshot !== undefined) this.#tell(snapshot.ring, news);
    }
  }

  #store(ring: ControllerRing, view: RingView): RingSnapshot {
    const { name } = ring.metadata;
    const selector = this.#scopes.selectorOf(ring);
    const mayJudge = this.#unknown.follow(name, this.#tracks.silenceOf(name));
    const holds = (shard: string): boolean => this.#holds(name, shard);
    const isSettling = (): boolean => this.#members.isSettling(name);
    const { store } = this.#options.namespaces;
    const snapshot = new RingSnapshot(ring, view, selector, store, mayJudge, holds, isSettling);
    const previous = this.#snapshots.get(name);
    this.#snapshots.set(name, snapshot);
    if (previous?.view.assignable !== view.assignable) this.#options.onCalculation?.(name);
    return snapshot;
  }

  #holds(ring: string, shard: string): boolean {
    const tracked = this.leaseOf(ring, shard);
    return tracked !== undefined && this.#tracks.judge(tracked.lease).held;
  }

  #onAlarm(): void {
    this.#rebuild(this.#tracks.review());
    this.#closeWindows();
    for (const ring of this.#unknown.review(this.#snapshots.values())) this.#feed.publish(changeOf(ring, "judgement"));
    this.#setAlarm();
  }

  /** Sets the alarm to the next moment at which something may change by itself. */
  #setAlarm(): void {
    const { clock, leases } = this.#options;
    // Nothing tells when the watch is whole again, and while it is not there are no deadlines.
    const broken = leases.watchingSince === undefined ? clock.monotonic() + brokenWatchCheck : Infinity;
    const moments = [this.#tracks.nextReview(), this.#members.nextWindow, this.#unknown.next, broken];
    this.#alarm.at(Math.min(...moments));
  }
}

/** Annotations have no generation, but ours among them are as good as a part of the spec. */
function isSameSpec(a: ControllerRing, b: ControllerRing): boolean {
  return a.metadata.uid === b.metadata.uid && a.metadata.generation === b.metadata.generation &&
    a.metadata.deletionTimestamp === b.metadata.deletionTimestamp && hasSameBrakes(a, b) &&
    hasSameLeaseNamespaces(a, b);
}
