import type { EventNote } from "../../lib/runtime/events/mod.ts";
import { isLive, type RingView } from "../../lib/sharding/ring_view.ts";

/** Names that are listed at most. */
const mostNames = 10;

/** Which shards of a ring have come and gone since somebody was last told. */
export class ShardChanges {
  #live: ReadonlySet<string>;
  readonly #joined = new Set<string>();
  readonly #left = new Set<string>();
  readonly #lost = new Set<string>();

  /** @param view what is there already is no news. */
  constructor(view: RingView) {
    this.#live = new Set(view.liveNames());
  }

  /** Is there nothing to tell? */
  get isEmpty(): boolean {
    return this.#joined.size === 0 && this.#left.size === 0 && this.#lost.size === 0;
  }

  /** Notes how the ring is now. */
  note(view: RingView): void {
    const live = new Set(view.liveNames());
    for (const name of live) if (!this.#live.has(name)) this.#noteJoined(name);
    for (const name of this.#live) if (!live.has(name)) this.#noteGone(name, view);
    this.#live = live;
  }

  /** What there is to tell: an event for each kind of change. It counts as told then. */
  take(): readonly EventNote[] {
    const notes = [
      ...noteOf("Normal", "ShardJoined", this.#joined, "has joined and gets objects", "have joined and get objects"),
      ...noteOf(
        "Normal",
        "ShardLeft",
        this.#left,
        "has left, others get its objects",
        "have left, others get their objects",
      ),
      ...noteOf(
        "Warning",
        "ShardLost",
        this.#lost,
        "has stopped renewing its Lease: it was taken over, and others get its objects",
        "have stopped renewing their Leases: they were taken over, and others get their objects",
      ),
    ];
    for (const names of [this.#joined, this.#left, this.#lost]) names.clear();
    return notes;
  }

  #noteJoined(name: string): void {
    // Who went in order and came back at once was never missed.
    if (!this.#left.delete(name)) this.#joined.add(name);
  }

  #noteGone(name: string, view: RingView): void {
    const { judgement, status } = view.shard(name) ?? {};
    const isLost = status !== undefined && !isLive(status) && judgement?.holder !== "nobody";
    const wasTold = !this.#joined.delete(name);
    if (isLost) this.#lost.add(name);
    else if (wasTold) this.#left.add(name);
  }
}

function noteOf(
  type: EventNote["type"],
  reason: string,
  names: ReadonlySet<string>,
  one: string,
  several: string,
): EventNote[] {
  if (names.size === 0) return [];
  const sorted = [...names].sort();
  const listed = sorted.slice(0, mostNames).join(", ") + (sorted.length > mostNames ? " and others" : "");
  const message = sorted.length === 1 ? `Shard ${listed} ${one}` : `Shards ${listed} ${several}`;
  return [{ type, reason, message, action: "Balance" }];
}
