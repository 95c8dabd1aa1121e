import type { EventRecorder } from "../../lib/runtime/events/mod.ts";
import type { Rings } from "../../lib/rings/mod.ts";
import type { Runnable } from "../../lib/runtime/runnable.ts";
import type { Clock } from "../../lib/util/clock/mod.ts";
import { MassMoves } from "./mass_moves.ts";
import { ShardChanges } from "./shard_changes.ts";

/** What {@link RingEvents} works with. */
export interface RingEventsParts {
  readonly rings: Pick<Rings, "get" | "changes" | "whenReady">;
  readonly recorder: Pick<EventRecorder, "record">;
  readonly clock: Clock;
}

/**
 * What changes in so short a time is told together, in milliseconds. It doubles each time that more follows soon, so that
 * a shard that comes and goes does not use up the events that a ring may have.
 */
const [shortestWindow, longestWindow] = [2_000, 10 * 60_000];

/** Without a change for so long, in milliseconds, a ring counts as calm. */
const calm = 5 * 60_000;

interface Ring {
  readonly changes: ShardChanges;
  window: number;
  toldAt: number;
  timer: Disposable | undefined;
}

/** Tells people, as events on the ring, of shards that join and leave, and of many objects that move. */
export class RingEvents implements Runnable {
  readonly name = "events of rings";
  readonly #parts: RingEventsParts;
  readonly #rings = new Map<string, Ring>();
  /** To be told of each move. */
  readonly moves: MassMoves;

  constructor(parts: RingEventsParts) {
    this.#parts = parts;
    this.moves = new MassMoves(parts.clock, (ring, note) => {
      const snapshot = parts.rings.get(ring);
      if (snapshot !== undefined) parts.recorder.record(snapshot.ring, note);
    });
  }

  /** Follows the rings until the signal aborts. What is there when it begins is no news. */
  async run(signal: AbortSignal): Promise<void> {
    const { rings } = this.#parts;
    try {
      await rings.whenReady(signal);
      for await (const { ring } of rings.changes(signal)) this.#look(ring);
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      this.moves[Symbol.dispose]();
      for (const name of [...this.#rings.keys()]) this.#forget(name);
    }
  }

  #look(name: string): void {
    const snapshot = this.#parts.rings.get(name);
    if (snapshot === undefined) return this.#forget(name);
    const known = this.#rings.get(name);
    if (known === undefined) {
      const changes = new ShardChanges(snapshot.view);
      this.#rings.set(name, { changes, window: shortestWindow, toldAt: -Infinity, timer: undefined });
      return;
    }
    known.changes.note(snapshot.view);
    if (known.changes.isEmpty || known.timer !== undefined) return;
    const { clock } = this.#parts;
    const isCalm = clock.monotonic() - known.toldAt >= Math.max(calm, known.window);
    known.window = isCalm ? shortestWindow : Math.min(2 * known.window, longestWindow);
    known.timer = clock.timer(known.window, () => this.#tell(name, known));
  }

  #tell(name: string, known: Ring): void {
    const { rings, recorder, clock } = this.#parts;
    known.timer = undefined;
    const ring = rings.get(name)?.ring;
    if (ring === undefined) return;
    const notes = known.changes.take();
    if (notes.length > 0) known.toldAt = clock.monotonic();
    for (const note of notes) recorder.record(ring, note);
  }

  #forget(name: string): void {
    this.moves.forget(name);
    this.#rings.get(name)?.timer?.[Symbol.dispose]();
    this.#rings.delete(name);
  }
}
