import type { EventNote } from "../../lib/runtime/events/mod.ts";
import type { Clock } from "../../lib/util/clock/mod.ts";

/** So many objects that move at a time are worth an event; without another one for so long (milliseconds) it is over. */
const [many, quiet] = [100, 30_000];

interface Wave {
  count: number;
  last: number;
  isTold: boolean;
  timer: Disposable | undefined;
}

/** Tells when many objects of a ring begin to move, and when that is over; never of single objects. */
export class MassMoves implements Disposable {
  readonly #clock: Clock;
  readonly #tell: (ring: string, note: EventNote) => void;
  readonly #waves = new Map<string, Wave>();
  #closed = false;

  constructor(clock: Clock, tell: (ring: string, note: EventNote) => void) {
    this.#clock = clock;
    this.#tell = tell;
  }

  /** An object was moved, or its shard was asked to let go of it. */
  note(ring: string): void {
    if (this.#closed) return;
    const now = this.#clock.monotonic();
    const wave = this.#waves.get(ring) ?? { count: 0, last: now, isTold: false, timer: undefined };
    this.#waves.set(ring, wave);
    if (!wave.isTold && now - wave.last >= quiet) wave.count = 0;
    wave.count++;
    wave.last = now;
    if (wave.count < many || wave.isTold) return;
    wave.isTold = true;
    this.#tell(ring, noteOf("MassMoveStarted", "Many objects move to other shards, or get their first one"));
    this.#watch(ring, wave, quiet);
  }

  /** All objects of the ring are where they belong. */
  settled(ring: string): void {
    const wave = this.#waves.get(ring);
    if (wave?.isTold === true) {
      this.#tell(ring, noteOf("MassMoveFinished", "All objects are on the shards where they belong"));
    }
    this.forget(ring);
  }

  /** Forgets a ring that does not exist any more. */
  forget(ring: string): void {
    this.#waves.get(ring)?.timer?.[Symbol.dispose]();
    this.#waves.delete(ring);
  }

  [Symbol.dispose](): void {
    this.#closed = true;
    for (const ring of [...this.#waves.keys()]) this.forget(ring);
  }

  #watch(ring: string, wave: Wave, ms: number): void {
    wave.timer = this.#clock.timer(ms, () => {
      const rest = wave.last + quiet - this.#clock.monotonic();
      if (rest > 0) return this.#watch(ring, wave, rest);
      this.#tell(ring, noteOf("MassMoveFinished", "No more objects move"));
      this.forget(ring);
    });
  }
}

function noteOf(reason: string, message: string): EventNote {
  return { type: "Normal", reason, message, action: "Balance" };
}
