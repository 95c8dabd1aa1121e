import type { RingView } from "../sharding/ring_view.ts";

/** A ring whose first shards wait for each other. Times are in monotonic milliseconds. */
interface Forming {
  /** The shards that were available when the first one joined; they take part, the others wait. */
  readonly before: ReadonlySet<string>;
  readonly until: number;
  /** It does not last longer, however many join. */
  readonly limit: number;
}

/** A window lasts at most so many times its length. */
const longest = 1.5;

/**
 * The join windows of all rings. When a ring without any ready shard gets its first one, others usually follow at once:
 * all replicas start at the same time, or come back after an outage. The first would be given everything, only to hand
 * most of it over again. So for a moment those that join wait for each other; each that does makes the window begin
 * again, up to half as long again.
 */
export class JoinWindows {
  readonly #length: number;
  readonly #forming = new Map<string, Forming>();

  /** @param length in milliseconds; 0 for no windows */
  constructor(length: number) {
    this.#length = length;
  }

  /** The shards that take part while the ring forms; undefined while it does not. */
  formingOf(ring: string): ReadonlySet<string> | undefined {
    return this.#forming.get(ring)?.before;
  }

  /**
   * Looks at how a ring has changed.
   * @returns whether its window begins with this change: then the view has to be made anew
   */
  note(before: RingView, after: RingView, now: number): boolean {
    if (this.#length === 0) return false;
    const { ring } = after;
    const newcomers = readyOf(after).filter((name) => before.statusOf(name) !== "ready");
    const forming = this.#forming.get(ring);
    if (forming !== undefined) {
      if (newcomers.length > 0) {
        this.#forming.set(ring, { ...forming, until: Math.min(now + this.#length, forming.limit) });
      }
      return false;
    }
    // Who has everything already, as the only one that is left, may as well keep it.
    const isFirst = readyOf(before).length === 0 && newcomers.length > 0 && after.assignable !== before.assignable;
    if (!isFirst) return false;
    const until = now + this.#length;
    this.#forming.set(ring, { before: new Set(before.liveNames()), until, limit: now + longest * this.#length });
    return true;
  }

  /** The rings whose windows are over; they are so from now on. */
  close(now: number): readonly string[] {
    const over = [...this.#forming].filter(([, { until }]) => until <= now).map(([ring]) => ring);
    for (const ring of over) this.#forming.delete(ring);
    return over;
  }

  /** Forgets a ring. */
  delete(ring: string): void {
    this.#forming.delete(ring);
  }

  /** When {@link close} has something to do; Infinity for never. */
  get next(): number {
    return Math.min(Infinity, ...[...this.#forming.values()].map(({ until }) => until));
  }
}

function readyOf(view: RingView): readonly string[] {
  return view.shards.filter(({ status }) => status === "ready").map(({ name }) => name);
}
