import type { Clock } from "../../lib/util/clock/mod.ts";

/** So often in a row something is repaired at once. */
const patience = 3;

/** The first and the longest pause after that, in milliseconds. */
const [shortest, longest] = [1_000, 60_000];

interface Applied {
  readonly content: string;
  readonly times: number;
  readonly at: number;
}

/**
 * Keeps two who want different things of one object from writing it in turns as fast as they can: what was changed by
 * somebody else is repaired at once, but after the third time in a row only after growing pauses.
 */
export class ApplyPace {
  readonly #clock: Clock;
  readonly #applied = new Map<string, Applied>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Milliseconds until this content may be applied to an object again; 0 when it may be now. Other content, and what has
   * stayed as it was for a while, may be at once.
   */
  pauseFor(name: string, content: string): number {
    const last = this.#repeated(name, content);
    return last === undefined ? 0 : Math.max(last.at + pauseAfter(last.times) - this.#clock.monotonic(), 0);
  }

  /** Notes that this content was applied. */
  applied(name: string, content: string): void {
    const times = (this.#repeated(name, content)?.times ?? 0) + 1;
    this.#applied.set(name, { content, times, at: this.#clock.monotonic() });
  }

  /** Forgets an object that nobody wants any more. */
  forget(name: string): void {
    this.#applied.delete(name);
  }

  /** The last time, if it was the same and not long ago. */
  #repeated(name: string, content: string): Applied | undefined {
    const last = this.#applied.get(name);
    if (last?.content !== content) return undefined;
    const isRecent = this.#clock.monotonic() - last.at < Math.max(2 * pauseAfter(last.times), shortest);
    return isRecent ? last : undefined;
  }
}

function pauseAfter(times: number): number {
  return times < patience ? 0 : Math.min(shortest * 2 ** (times - patience), longest);
}
