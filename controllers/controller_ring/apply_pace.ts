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
   * Milliseconds until this content may be applied to an object again; 0 when it may be now, and then counts as applied.
   * Other content, and what has stayed as it was for a while, is applied at once.
   */
  take(name: string, content: string): number {
    const now = this.#clock.monotonic();
    const last = this.#applied.get(name);
    const pause = last === undefined ? 0 : pauseAfter(last.times);
    const isRepeated = last !== undefined && last.content === content && now - last.at < Math.max(2 * pause, shortest);
    if (isRepeated && now - last.at < pause) return last.at + pause - now;
    this.#applied.set(name, { content, times: isRepeated ? last.times + 1 : 1, at: now });
    return 0;
  }

  /** Forgets an object that nobody wants any more. */
  forget(name: string): void {
    this.#applied.delete(name);
  }
}

function pauseAfter(times: number): number {
  return times < patience ? 0 : Math.min(shortest * 2 ** (times - patience), longest);
}
