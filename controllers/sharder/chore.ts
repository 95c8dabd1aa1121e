import type { RingSnapshot } from "../../lib/rings/mod.ts";
import type { PendingDrains } from "./drains/pending_drains.ts";
import type { Target } from "./targets.ts";

/** What a {@link Chore} is told of the ring as it is now. */
export interface ChoreContext {
  readonly snapshot: RingSnapshot;
  /** The resources that are served. */
  readonly targets: readonly Target[];
  /** Objects that were asked to leave their shards. */
  readonly pending: PendingDrains;
}

/**
 * Something that is done for a ring from time to time, beside the passes that bring its objects to their shards. It
 * never runs at the same time as a pass of the ring.
 */
export interface Chore {
  /** For the log. */
  readonly name: string;
  /**
   * Does what is due now. What it throws is reported, and it is called again with growing pauses; it keeps neither
   * passes nor other chores from being done.
   *
   * @returns milliseconds until it wants to be called again; Infinity when only something new can give it work. It is
   *   called more often than that, as after each pass.
   */
  run(context: ChoreContext, signal: AbortSignal): Promise<number>;
}

/**
 * Does all chores, one after the other. What they throw is added to `failures`.
 * @param context the ring as it is; undefined when it is gone
 * @returns milliseconds until the first wants to be called again
 */
export async function doChores(
  chores: readonly Chore[],
  context: () => ChoreContext | undefined,
  failures: unknown[],
  signal: AbortSignal,
): Promise<number> {
  let pause = Infinity;
  for (const chore of chores) {
    const now = context();
    if (now === undefined) break;
    try {
      pause = Math.min(pause, await chore.run(now, signal));
    } catch (error) {
      signal.throwIfAborted();
      failures.push(new Error(`cannot finish "${chore.name}", it will be tried again`, { cause: error }));
    }
  }
  return pause;
}
