import { changeOf, type RingChange } from "./ring_change.ts";

/** Joins that are not told yet. Times are in monotonic milliseconds. */
interface Unsettled {
  readonly joined: ReadonlySet<string>;
  readonly until: number;
  /** It does not last longer, however often the shards change. */
  readonly limit: number;
}

/** A window lasts at most so many times its length. */
const longest = 2;

/**
 * The settle windows of all rings. That a shard joined means a look at all objects and moves between live shards. These
 * can wait, as everything has an owner: so joins are told when the shards have not changed for a moment, all together.
 * That a shard is gone is told at once, as its objects have nobody; the newcomers take their part of them already.
 */
export class SettleWindows {
  readonly #length: number;
  readonly #unsettled = new Map<string, Unsettled>();

  /** @param length in milliseconds; 0 for no windows */
  constructor(length: number) {
    this.#length = length;
  }

  /** Are there joins of this ring that are not told yet? */
  has(ring: string): boolean {
    return this.#unsettled.has(ring);
  }

  /** Takes note of a change of a ring's shards. Returns what is to be told of it at once. */
  note(change: RingChange, now: number): RingChange {
    const { ring, joined, left } = change;
    const waiting = this.#unsettled.get(ring);
    if (this.#length === 0 || (joined.length === 0 && waiting === undefined)) return change;
    const limit = waiting?.limit ?? now + longest * this.#length;
    const until = Math.min(now + this.#length, limit);
    const gone = new Set(left);
    const all = [...waiting?.joined ?? [], ...joined].filter((shard) => !gone.has(shard));
    this.#unsettled.set(ring, { joined: new Set(all), until, limit });
    return { ...change, joined: [] };
  }

  /** The joins that are to be told now, and are told by that. */
  close(now: number): readonly RingChange[] {
    const over = [...this.#unsettled].filter(([, { until }]) => until <= now);
    return over.map(([ring]) => this.#tell(ring)).filter((change) => change !== undefined);
  }

  /** The change with the joins of its ring that were not told yet, which are told by that. */
  closeWith(change: RingChange): RingChange {
    const joined = new Set([...this.#tell(change.ring)?.joined ?? [], ...change.joined]);
    return { ...change, joined: [...joined].sort() };
  }

  /** Forgets a ring. */
  delete(ring: string): void {
    this.#unsettled.delete(ring);
  }

  /** When {@link close} has something to do; Infinity for never. */
  get next(): number {
    return Math.min(Infinity, ...[...this.#unsettled.values()].map(({ until }) => until));
  }

  #tell(ring: string): RingChange | undefined {
    const waiting = this.#unsettled.get(ring);
    this.#unsettled.delete(ring);
    if (waiting === undefined) return undefined;
    return { ...changeOf(ring, "membership"), joined: [...waiting.joined].sort() };
  }
}
