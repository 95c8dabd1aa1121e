import type { VirtualClock } from "../util/clock/mod.ts";
import { describeError } from "../util/log.ts";

/**
 * What a test waits for. It does not hold (yet) while this answers false or throws, so it may be an assertion too. It
 * may ask the API server.
 */
export type Condition = () => boolean | void | Promise<boolean | void>;

/** Did a condition hold, and if not, what did it throw? */
type Verdict = { readonly holds: true } | { readonly holds: false; readonly error?: unknown };

async function judge(condition: Condition): Promise<Verdict> {
  try {
    return { holds: await condition() !== false };
  } catch (error) {
    return { holds: false, error };
  }
}

/** Moves the time from timer to timer until the condition holds. @throws Error with what was thrown last as its cause */
export async function eventually(
  clock: VirtualClock,
  condition: Condition,
  ms: number,
  why: (last: string) => string,
): Promise<void> {
  const end = clock.monotonic() + ms;
  await clock.settle();
  for (let verdict = await judge(condition); !verdict.holds; verdict = await judge(condition)) {
    const rest = end - clock.monotonic();
    if (rest <= 0) throw failure(why, verdict.error);
    await clock.advance(Math.min(clock.next ?? rest, rest));
  }
}

/** Sees that the condition holds all the time. @throws Error with what was thrown as its cause */
export async function consistently(
  clock: VirtualClock,
  condition: Condition,
  ms: number,
  why: (last: string) => string,
): Promise<void> {
  const end = clock.monotonic() + ms;
  await clock.settle();
  while (true) {
    const verdict = await judge(condition);
    if (!verdict.holds) throw failure(why, verdict.error);
    const rest = end - clock.monotonic();
    if (rest <= 0) return;
    await clock.advance(Math.min(clock.next ?? rest, rest));
  }
}

/** @param why makes the message; it gets what the condition threw, as ": reason", or "". */
function failure(why: (last: string) => string, cause: unknown): Error {
  if (cause === undefined) return new Error(why(""));
  return new Error(why(`: ${describeError(cause)}`), { cause });
}
