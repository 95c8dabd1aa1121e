import { formatKey, keyOf, type Lease, type ObjectKey } from "../k8s/types.ts";
import { leaseTimes } from "../sharding/lease_times.ts";
import { leaseRingLabel } from "../sharding/names.ts";
import type { ShardEntry } from "../sharding/ring_view.ts";
import { holderOf, type ShardJudgement, shardState, type ShardTiming } from "../sharding/shard_state.ts";
import type { Clock } from "../util/clock/mod.ts";

/** A shard's Lease as this process knows it. */
export interface TrackedLease {
  /** As it was last seen. */
  readonly lease: Lease;
  /** The ring that its label names. */
  readonly ring: string;
  /** It was deleted, though not by us (or it lost its label): it counts as not renewed since it was last seen. */
  readonly ghost: boolean;
}

interface Track extends TrackedLease {
  /** When its spec was last seen to change, in monotonic milliseconds. */
  readonly changedAt: number;
  /** When it was seen to be gone; undefined while it is there. */
  readonly goneAt: number | undefined;
  /** We are about to give it back, or have done so: see {@link LeaseTracks.letGo}. */
  readonly letGo: boolean;
  readonly judgement: ShardJudgement;
  /** When it has to be judged again if nothing happens, in monotonic milliseconds; Infinity for never. */
  readonly due: number;
}

/** What {@link LeaseTracks} works with. Times are in milliseconds. */
export interface LeaseTracksOptions {
  readonly clock: Clock;
  readonly timing: ShardTiming;
  /** Since when Leases have been watched without a gap; see {@link shardState}. */
  readonly watchingSince: () => number | undefined;
  /** So long a ghost is remembered. Long enough to take over any shard, however long its Lease lasts. */
  readonly ghostRetention: number;
}

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

  constructor(options: LeaseTracksOptions) {
    this.#options = options;
  }

  /** Takes note of a Lease that is there. Returns the rings of which something changed. */
  observe(lease: Lease): string[] {
    const key = formatKey(keyOf(lease));
    const ring = lease.metadata.labels?.[leaseRingLabel];
    const before = this.#ringOf.get(key);
    const left = before !== undefined && before !== ring ? this.#haunt(before, key) : [];
    if (ring === undefined || ring === "") return left;
    const previous = this.#rings.get(ring)?.get(key);
    const unchanged = previous?.ghost === false && isSameSpec(previous.lease, lease);
    const changedAt = unchanged ? previous.changedAt : this.#options.clock.monotonic();
    const letGo = unchanged && previous.letGo;
    this.#ringOf.set(key, ring);
    const track = { lease, ring, ghost: false, changedAt, goneAt: undefined, letGo };
    return [...left, ...this.#put(key, track) ? [ring] : []];
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
    const now = this.#options.clock.monotonic();
    const changed = new Set<string>();
    for (const [ring, tracks] of this.#rings) {
      for (const [key, track] of tracks) {
        if (this.#put(key, track)) changed.add(ring);
        if (!track.ghost) continue;
        const over = track.goneAt !== undefined && now - track.goneAt >= this.#retentionOf(track.lease);
        if (!over && tracks.get(key)?.judgement.state !== "orphaned") continue;
        this.#drop(ring, key);
        changed.add(ring);
      }
    }
    return [...changed];
  }

  /** Judges a Lease as of now, also one that is newer than what was observed so far. */
  judge(lease: Lease): ShardJudgement {
    const ring = lease.metadata.labels?.[leaseRingLabel];
    const track = ring === undefined ? undefined : this.#rings.get(ring)?.get(formatKey(keyOf(lease)));
    const seen = track !== undefined && isSameSpec(track.lease, lease);
    return seen
      ? this.#judge(lease, track.changedAt, isHoldable(track))
      : this.#judge(lease, this.#options.clock.monotonic());
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
    return [...this.#rings.get(ring)?.values() ?? []].map(({ lease, ghost, judgement }) => {
      const { name, namespace } = keyOf(lease);
      return { name, namespace, ghost, judgement };
    });
  }

  /** The longest that a shard of the ring may go unseen while it is at work, in milliseconds: twice a Lease's duration. */
  silenceOf(ring: string): number {
    const others = [...this.of(ring)].filter(({ lease }) => holderOf(lease) !== "sharder");
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

  /** Judges and keeps a track. Returns whether a view of its ring would show a difference. */
  #put(key: string, track: Omit<Track, "judgement" | "due">): boolean {
    const { clock } = this.#options;
    const judgement = this.#judge(track.lease, track.changedAt, isHoldable(track));
    const change = clock.monotonic() + (judgement.nextChange ?? Infinity);
    const end = track.goneAt === undefined ? Infinity : track.goneAt + this.#retentionOf(track.lease);
    const tracks = this.#rings.get(track.ring) ?? new Map<string, Track>();
    const previous = tracks.get(key);
    this.#rings.set(track.ring, tracks.set(key, { ...track, judgement, due: Math.min(change, end) }));
    return previous === undefined || previous.ghost !== track.ghost || !isSame(previous.judgement, judgement);
  }

  #drop(ring: string, key: string): void {
    const tracks = this.#rings.get(ring);
    tracks?.delete(key);
    if (tracks?.size === 0) this.#rings.delete(ring);
    if (this.#ringOf.get(key) === ring) this.#ringOf.delete(key);
  }

  #judge(lease: Lease, changedAt: number, holdable = true): ShardJudgement {
    const { clock, timing, watchingSince } = this.#options;
    const now = { wall: clock.now(), monotonic: clock.monotonic() };
    const judgement = shardState(lease, { changedAt, watchingSince: watchingSince() }, now, timing);
    return holdable ? judgement : { ...judgement, held: false };
  }

  /** Never shorter than twice what any judgement on the Lease needs. */
  #retentionOf(lease: Lease): number {
    const { ghostRetention, timing } = this.#options;
    return Math.max(ghostRetention, 2 * timing.uncertainAfter * leaseTimes(lease).leaseDuration);
  }
}

/** A Lease that is gone, or that we let go of, keeps nobody away, whatever was last seen of it. */
function isHoldable({ ghost, letGo }: Pick<Track, "ghost" | "letGo">): boolean {
  return !ghost && !letGo;
}

/** Is it the same renewal? Labels and annotations do not keep a shard alive. */
function isSameSpec(a: Lease, b: Lease): boolean {
  return a.metadata.uid === b.metadata.uid && a.spec?.renewTime === b.spec?.renewTime &&
    a.spec?.holderIdentity === b.spec?.holderIdentity && a.spec?.acquireTime === b.spec?.acquireTime &&
    a.spec?.leaseDurationSeconds === b.spec?.leaseDurationSeconds &&
    a.spec?.leaseTransitions === b.spec?.leaseTransitions;
}

function isSame(a: ShardJudgement, b: ShardJudgement): boolean {
  return a.state === b.state && a.holder === b.holder && a.held === b.held && a.proven === b.proven &&
    a.problem === b.problem;
}
