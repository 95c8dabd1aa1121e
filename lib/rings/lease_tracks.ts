import { formatKey, keyOf, type Lease, type ObjectKey } from "../k8s/types.ts";
import { leaseTimes } from "../sharding/lease_times.ts";
import { leaseRingLabel } from "../sharding/names.ts";
import type { ShardEntry } from "../sharding/ring_view.ts";
import { holderOf, type ShardJudgement } from "../sharding/shard_state.ts";
import { LeaseJudge, type LeaseJudgeOptions } from "./lease_judge.ts";
import {
  isSameRenewal,
  isSameToViews,
  type LeaseMemory,
  presenceAfter,
  type Track,
  type TrackedLease,
} from "./lease_track.ts";
import { LossGuard, type LossGuardOptions } from "./loss_guard.ts";

/** What {@link LeaseTracks} works with. Times are in milliseconds. */
export type LeaseTracksOptions = LossGuardOptions & LeaseJudgeOptions;

/** The duration that a Lease usually has. */
const usualLeaseDuration = 15_000;

/**
 * Remembers of each shard's Lease when this process last saw it change, and judges it. A Lease that somebody deletes is
 * not forgotten, as its shard may still be at work.
 */
export class LeaseTracks {
  readonly #options: LeaseTracksOptions;
  /** Ring, then `namespace/name`. */
  readonly #rings = new Map<string, Map<string, Track>>();
  /** The ring of each Lease that is there. */
  readonly #ringOf = new Map<string, string>();
  /** uids of Leases that we are about to delete. */
  readonly #forgotten = new Set<string>();
  /** Leases that were given to another ring and have a ghost in the one before. */
  readonly #relabelled = new Set<string>();
  readonly #guard: LossGuard;
  readonly #judge: LeaseJudge;

  constructor(options: LeaseTracksOptions) {
    this.#options = options;
    this.#guard = new LossGuard(options);
    this.#judge = new LeaseJudge(options, this.#guard);
  }

  /** Takes note of a Lease that is there. Returns the rings of which something changed. */
  observe(lease: Lease): string[] {
    const key = formatKey(keyOf(lease));
    const ring = lease.metadata.labels?.[leaseRingLabel];
    const before = this.#ringOf.get(key);
    const changed = before !== undefined && before !== ring ? this.#haunt(before, key) : [];
    if (ring === undefined || ring === "") return changed;
    if (changed.length > 0) this.#relabelled.add(key);
    const previous = this.#rings.get(ring)?.get(key);
    const now = this.#options.clock.monotonic();
    this.#ringOf.set(key, ring);
    if (previous?.ghost === false && isSameRenewal(previous.lease, lease)) {
      if (this.#put(key, { ...previous, lease })) changed.push(ring);
      return changed;
    }
    const presence = presenceAfter(previous, lease, now, this.#judge.ofNew(lease).state === "ready");
    const track = { lease, ring, ghost: false, changedAt: now, goneAt: undefined, letGo: false, presence };
    if (this.#put(key, track)) changed.push(ring);
    if (this.#relabelled.has(key)) changed.push(...this.#layToRest(key));
    // Who comes, or comes back, may end a mass loss.
    if (this.#guard.isAlert(ring) && this.#reviewRing(ring)) changed.push(ring);
    return changed;
  }

  /** Takes note of a Lease that is gone. Returns the rings of which something changed. */
  remove(lease: Lease): string[] {
    const key = formatKey(keyOf(lease));
    const ring = this.#ringOf.get(key);
    if (ring === undefined) return [];
    const ours = this.#forgotten.delete(lease.metadata.uid ?? "");
    // Nobody has held an orphaned Lease for long: it was cleaned up, by another replica if not by this one.
    const orphaned = this.judge(lease).state === "orphaned";
    if (!ours && !orphaned) return this.#haunt(ring, key);
    this.#drop(ring, key);
    return [ring];
  }

  /**
   * Says that this Lease was, or is about to be, deleted by us, as nothing belongs to its shard any more: no ghost
   * shall remain of it. Returns the rings of which something changed.
   */
  forget(lease: Lease): string[] {
    const key = formatKey(keyOf(lease));
    const { uid } = lease.metadata;
    if (this.#ringOf.has(key)) {
      if (uid !== undefined) this.#forgotten.add(uid);
      return [];
    }
    const haunted = [...this.#rings].filter(([, tracks]) => tracks.has(key)).map(([ring]) => ring);
    for (const ring of haunted) this.#drop(ring, key);
    return haunted;
  }

  /** Says that we give this Lease back, so that we do not hold it from now on. Returns the rings that this changes. */
  letGo(lease: Lease): string[] {
    const key = formatKey(keyOf(lease));
    const ring = this.#ringOf.get(key);
    const track = ring === undefined ? undefined : this.#rings.get(ring)?.get(key);
    return track !== undefined && this.#put(key, { ...track, letGo: true }) ? [track.ring] : [];
  }

  /** Says that our deletion of this Lease did not happen after all: see {@link forget}. */
  remember(lease: Lease): void {
    this.#forgotten.delete(lease.metadata.uid ?? "");
  }

  /** Judges all Leases anew. Returns the rings of which something changed. */
  review(): string[] {
    const changed = [...this.#rings.keys()].filter((ring) => this.#reviewRing(ring));
    const resting = [...this.#relabelled].flatMap((key) => this.#layToRest(key));
    return [...changed, ...resting];
  }

  /** Judges a Lease as of now, also one that is newer than what was observed so far. */
  judge(lease: Lease): ShardJudgement {
    const ring = lease.metadata.labels?.[leaseRingLabel];
    const key = formatKey(keyOf(lease));
    const track = ring === undefined ? undefined : this.#rings.get(ring)?.get(key);
    const isSeen = track !== undefined && isSameRenewal(track.lease, lease);
    return isSeen ? this.#judge.of({ ...track, lease }).judgement : this.#judge.ofNew(lease);
  }

  /** The Lease of this key, there or gone. */
  find(key: ObjectKey): TrackedLease | undefined {
    const text = formatKey(key);
    const ring = this.#ringOf.get(text);
    if (ring !== undefined) return this.#rings.get(ring)?.get(text);
    for (const tracks of this.#rings.values()) {
      const track = tracks.get(text);
      if (track !== undefined) return track;
    }
    return undefined;
  }

  /** The Lease of this key in a ring, there or gone. */
  get(ring: string, key: ObjectKey): TrackedLease | undefined {
    return this.#rings.get(ring)?.get(formatKey(key));
  }

  /** The Leases of a ring, there or gone. */
  of(ring: string): Iterable<TrackedLease> {
    return this.#rings.get(ring)?.values() ?? [];
  }

  /** The Leases of a ring for a view. */
  entriesOf(ring: string): ShardEntry[] {
    return [...this.#rings.get(ring)?.values() ?? []].map(({ lease, ghost, judgement, keptBack }) => {
      const { name, namespace } = keyOf(lease);
      return { name, namespace, ghost, judgement, keptBack, created: lease.metadata.creationTimestamp ?? "" };
    });
  }

  /** The longest that a shard of the ring may go unseen while it is at work, in milliseconds: twice a Lease's duration. */
  silenceOf(ring: string): number {
    const others = [...this.of(ring)].filter(({ lease }) =>
      holderOf(lease) !== "sharder" && this.#options.admits(ring, keyOf(lease).namespace)
    );
    return 2 * Math.max(usualLeaseDuration, ...others.map(({ lease }) => leaseTimes(lease).leaseDuration));
  }

  /** When {@link review} has something to do next, in monotonic milliseconds; Infinity for never. */
  nextReview(): number {
    let first = Infinity;
    for (const tracks of this.#rings.values()) for (const { due } of tracks.values()) first = Math.min(first, due);
    return first;
  }

  /** When this Lease has to be judged again; see {@link nextReview}. */
  dueOf(lease: Lease): number {
    const key = formatKey(keyOf(lease));
    return this.#rings.get(this.#ringOf.get(key) ?? "")?.get(key)?.due ?? Infinity;
  }

  /** Makes a ghost of a Lease. */
  #haunt(ring: string, key: string): string[] {
    this.#ringOf.delete(key);
    const track = this.#rings.get(ring)?.get(key);
    if (track === undefined) return [];
    this.#put(key, { ...track, ghost: true, goneAt: this.#options.clock.monotonic() });
    return [ring];
  }

  /** Returns whether a view of the ring would show a difference. */
  #reviewRing(ring: string): boolean {
    const tracks = this.#rings.get(ring);
    if (tracks === undefined) return false;
    let isChanged = false;
    this.#guard.look(ring, tracks, this.#options.clock.monotonic());
    for (const [key, track] of tracks) {
      if (this.#put(key, track)) isChanged = true;
      if (!track.ghost) continue;
      if (!this.#judge.isOver(track) && tracks.get(key)?.judgement.state !== "orphaned") continue;
      this.#drop(ring, key);
      isChanged = true;
    }
    return isChanged;
  }

  /**
   * Forgets the ghosts of a Lease that was given to another ring, once their shard must have stopped. A shard writes its
   * ring with each renewal, so who has renewed the Lease since it says otherwise is no shard of the ring before.
   */
  #layToRest(key: string): string[] {
    const home = this.#ringOf.get(key);
    const present = home === undefined ? undefined : this.#rings.get(home)?.get(key);
    const ghosts = [...this.#rings].flatMap(([ring, tracks]) => {
      const ghost = ring === home ? undefined : tracks.get(key);
      return ghost === undefined ? [] : [{ ring, ghost }];
    });
    if (ghosts.length === 0) this.#relabelled.delete(key);
    if (present === undefined) return [];
    const resting = ghosts.filter(({ ghost: { lease, judgement: { state } } }) =>
      state !== "ready" && state !== "expired" && !isSameRenewal(lease, present.lease)
    );
    for (const { ring } of resting) this.#drop(ring, key);
    return resting.map(({ ring }) => ring);
  }

  /** Judges and keeps what is known of a Lease. Returns whether a view of its ring would show a difference. */
  #put(key: string, memory: LeaseMemory): boolean {
    const { ring } = memory;
    const track = this.#judge.of(memory);
    const tracks = this.#rings.get(ring) ?? new Map<string, Track>();
    const previous = tracks.get(key);
    this.#rings.set(ring, tracks.set(key, track));
    return previous === undefined || !isSameToViews(previous, track);
  }

  #drop(ring: string, key: string): void {
    const tracks = this.#rings.get(ring);
    tracks?.delete(key);
    if (tracks?.size === 0) this.#rings.delete(ring);
    if (this.#ringOf.get(key) === ring) this.#ringOf.delete(key);
  }
}
