import { HashRing } from "./hash_ring.ts";
import { isShardName } from "./names.ts";
import { isAvailable, type ShardJudgement } from "./shard_state.ts";

/** What decisions need to know of a shard. */
export type ShardStatus =
  /** It renews its Lease. */
  | "ready"
  /** It is late, or its Lease is gone: it keeps what it has, and gets nothing new while another is ready. */
  | "expired"
  /** It is so late that its Lease may be taken over; until then as expired. */
  | "uncertain"
  /** It does not hold its Lease, but nobody keeps it from coming back: its objects wait for the take-over. */
  | "dead"
  /** We hold its Lease: its objects may move. */
  | "held"
  /** There is no such shard in the ring. */
  | "unknown";

/** One shard of a ring, as its Lease shows it. */
export interface ShardEntry {
  /** Name of the Lease. */
  readonly name: string;
  readonly namespace: string;
  readonly judgement: ShardJudgement;
  /** Its Lease is gone, though not by our hand: judged by what was last seen of it. @default false */
  readonly ghost?: boolean;
  /** When the API server created the Lease, as it writes it: of several of one name the oldest counts. */
  readonly created?: string;
  /** Its take-over is put off, as many shards were lost at once. @default false */
  readonly keptBack?: boolean;
}

/** A shard of a view. */
export interface ShardView extends ShardEntry {
  readonly status: ShardStatus;
}

/** A Lease that is left out of a view, as another of the same name counts. */
export interface LeaseConflict {
  readonly name: string;
  /** Namespace of the Lease that counts. */
  readonly namespace: string;
  /** Namespaces of those that do not. */
  readonly ignored: readonly string[];
}

/** What a view depends on beside the Leases. */
export interface RingViewOptions {
  /** A view of the same ring: its hash ring is used again if the same shards are assignable. */
  readonly previous?: RingView | undefined;
  /** May shards have their Leases in this namespace? Others count for nothing. @default everywhere */
  readonly admits?: ((namespace: string) => boolean) | undefined;
  /**
   * The ring forms: only these shards, which were available before, take part; those that join wait for each other.
   * @default all take part
   */
  readonly forming?: ReadonlySet<string> | undefined;
}

/** The shards of one ring at one moment, and who of them gets which key. Immutable. */
export class RingView {
  readonly ring: string;
  /** The shards that count, sorted by name. */
  readonly shards: readonly ShardView[];
  /** The shards that get new objects: the ready ones; while there are none, or the ring forms, all available ones. */
  readonly assignable: HashRing;
  /** How many shards take part that are ready, expired or uncertain. */
  readonly available: number;
  /** Names of shards that joined and wait for others, as the ring forms: they get nothing yet. */
  readonly waiting: readonly string[];
  /** How many shards there are, ghosts aside. */
  readonly total: number;
  /** Leases whose names are no label values, so that no object could be given to them. */
  readonly unusable: readonly ShardEntry[];
  /** Leases of the same name in several namespaces. */
  readonly conflicts: readonly LeaseConflict[];
  /** Leases in namespaces where the ring's shards may not have them: they are nobody's, whatever they say. */
  readonly foreign: readonly ShardEntry[];
  /** Names of shards whose take-over is put off, as many were lost at once. */
  readonly keptBack: readonly string[];
  readonly #byName: ReadonlyMap<string, ShardView>;
  readonly #liveNames: readonly string[];

  /**
   * @param entries in any order: the result does not depend on it. Of several Leases with one name, those that exist
   *   go before ghosts, then the oldest counts, then that of the first namespace.
   */
  constructor(ring: string, entries: Iterable<ShardEntry>, options: RingViewOptions = {}) {
    const { previous, admits, forming } = options;
    const { usable, unusable, conflicts, foreign } = sortOut(entries, admits);
    this.ring = ring;
    this.shards = usable.map((entry) => ({ ...entry, status: statusFrom(entry) }));
    this.unusable = unusable;
    this.conflicts = conflicts;
    this.foreign = foreign;
    this.#byName = new Map(this.shards.map((shard) => [shard.name, shard]));
    this.#liveNames = this.shards.filter((shard) => isAvailable(shard.judgement.state)).map((shard) => shard.name);
    this.keptBack = this.shards.filter(({ status, keptBack }) => keptBack === true && isLive(status))
      .map((shard) => shard.name);
    const taking = forming === undefined ? this.#liveNames : this.#liveNames.filter((name) => forming.has(name));
    this.available = taking.length;
    this.waiting = forming === undefined ? [] : this.#liveNames.filter((name) => !forming.has(name));
    this.total = this.shards.filter((shard) => shard.ghost !== true).length;
    const ready = this.shards.filter((shard) => shard.status === "ready").map((shard) => shard.name);
    const assignable = ready.length > 0 && forming === undefined ? ready : taking;
    const reusable = previous !== undefined && isSameList(previous.assignable.shards, assignable);
    this.assignable = reusable ? previous.assignable : new HashRing(assignable);
  }

  /** The shard that an object with this key is given to; undefined while no shard is available. */
  shardFor(key: string): string | undefined {
    return this.assignable.ownerOf(key);
  }

  /** The shard of this name, if it counts. */
  shard(name: string): ShardView | undefined {
    return this.#byName.get(name);
  }

  /** The status of the shard that a label names. */
  statusOf(name: string): ShardStatus {
    return this.#byName.get(name)?.status ?? "unknown";
  }

  /** The available shards, sorted by name: an object with another label, or none, has no live owner. */
  liveNames(): readonly string[] {
    return this.#liveNames;
  }
}

/** Has a shard of this status a process that may be working on its objects, and renews or lately renewed its Lease? */
export function isLive(status: ShardStatus): boolean {
  return status === "ready" || status === "expired" || status === "uncertain";
}

function statusFrom({ judgement, ghost }: ShardEntry): ShardStatus {
  switch (judgement.state) {
    case "ready":
      // It may still be at work, but nobody knows, so it gets nothing new.
      return ghost === true ? "expired" : "ready";
    case "expired":
    case "uncertain":
      return judgement.state;
    case "dead":
    case "orphaned":
      return judgement.held ? "held" : "dead";
  }
}

interface Sorted {
  readonly usable: readonly ShardEntry[];
  readonly unusable: readonly ShardEntry[];
  readonly conflicts: readonly LeaseConflict[];
  readonly foreign: readonly ShardEntry[];
}

function sortOut(entries: Iterable<ShardEntry>, admits: RingViewOptions["admits"]): Sorted {
  const all = [...entries].sort(compareEntries);
  const sorted = admits === undefined ? all : all.filter(({ namespace }) => admits(namespace));
  const usable: ShardEntry[] = [];
  const ignored = new Map<string, string[]>();
  for (const entry of sorted.filter((entry) => isShardName(entry.name))) {
    const first = usable.at(-1);
    if (first?.name !== entry.name) usable.push(entry);
    // A shard that moved to another namespace is no conflict with what it left behind.
    else if (entry.ghost !== true) ignored.set(entry.name, [...ignored.get(entry.name) ?? [], entry.namespace]);
  }
  return {
    usable,
    unusable: sorted.filter((entry) => !isShardName(entry.name)),
    foreign: admits === undefined ? [] : all.filter(({ namespace, ghost }) => !admits(namespace) && ghost !== true),
    conflicts: usable.flatMap(({ name, namespace }) => {
      const others = ignored.get(name);
      return others === undefined ? [] : [{ name, namespace, ignored: others }];
    }),
  };
}

function compareEntries(a: ShardEntry, b: ShardEntry): number {
  return compare(a.name, b.name) || Number(a.ghost ?? false) - Number(b.ghost ?? false) ||
    compare(a.created ?? "", b.created ?? "") || compare(a.namespace, b.namespace);
}

/** By code units, as `Array.sort` does, so that it is the same on every machine. */
function compare(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

function isSameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}
