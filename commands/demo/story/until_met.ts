import { type Clock, deadline, sleep } from "../../../lib/util/clock/mod.ts";
import { describeError } from "../../../lib/util/log.ts";

/** What a look at the world found. */
export type Look =
  /** It is as expected; `seen` says so in a person's words. */
  | { readonly met: true; readonly seen: string }
  /** It is not, or not yet. */
  | { readonly met: false; readonly seen: string };

/** Something is not as it should be. */
export class UnmetError extends Error {
  override readonly name = "UnmetError";
  readonly expected: string;
  readonly seen: string;

  constructor(expected: string, seen: string, options?: ErrorOptions) {
    super(`expected ${expected}, but seen: ${seen}`, options);
    this.expected = expected;
    this.seen = seen;
  }
}

/** What {@link untilMet} works with. */
export interface WaitParts {
  readonly clock: Clock;
  /** Resolves when it is worth to look again. */
  readonly changed: () => Promise<void>;
}

/** Not everything tells when it changes: so often it is looked again all the same, in milliseconds. */
const pollPeriod = 250;

/**
 * Looks until it is as expected.
 * @param within milliseconds.
 * @returns what was seen, and how many milliseconds that took.
 * @throws UnmetError with the last look when it takes longer; the signal's reason.
 */
export async function untilMet(
  expected: string,
  within: number,
  look: (signal: AbortSignal) => Look | Promise<Look>,
  { clock, changed }: WaitParts,
  signal: AbortSignal,
): Promise<{ readonly seen: string; readonly took: number }> {
  const begin = clock.monotonic();
  using limit = deadline(clock, within, expected, signal);
  for (let last = "nothing yet";;) {
    const next = changed();
    try {
      const { met, seen } = await look(limit.signal);
      if (met) return { seen, took: clock.monotonic() - begin };
      last = seen;
    } catch (error) {
      signal.throwIfAborted();
      // A server that is busy or starting may answer next time.
      if (!limit.signal.aborted) last = describeError(error);
    }
    if (limit.signal.aborted) throw new UnmetError(`${expected} within ${seconds(within)}`, last);
    const waiting = new AbortController();
    const either = AbortSignal.any([limit.signal, waiting.signal]);
    await Promise.race([next, sleep(clock, pollPeriod, either)]).catch(() => undefined);
    waiting.abort();
    signal.throwIfAborted();
  }
}

/** As "1.2 s". */
export function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
