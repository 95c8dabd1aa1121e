import { movesPerSecondAnnotation, pausedAnnotation } from "./names.ts";
import type { ControllerRing } from "./ring_types.ts";

/**
 * What an operator has put on a ring to keep it calm. Both brakes concern objects that have a live shard and would do
 * better on another. An object without a live shard is never held up by them: a new one gets its shard, and one of a
 * dead shard gets another, as nobody looks after it until then.
 */
export interface Brakes {
  /** Nothing moves from one live shard to another. */
  readonly paused: boolean;
  /** Most objects that are asked to leave a live shard in a second; undefined where the ring does not say. */
  readonly movesPerSecond?: number;
  /** Why an annotation does not do, for people. Such a limit counts as absent. */
  readonly problem?: string;
}

/** Reads a ring's annotations. Never throws. */
export function brakesOf(ring: ControllerRing): Brakes {
  const { annotations = {} } = ring.metadata;
  const mark = annotations[pausedAnnotation];
  const paused = mark !== undefined && mark.trim().toLowerCase() !== "false";
  const text = annotations[movesPerSecondAnnotation];
  if (text === undefined) return { paused };
  const movesPerSecond = text.trim() === "" ? NaN : Number(text);
  if (Number.isFinite(movesPerSecond) && movesPerSecond > 0) return { paused, movesPerSecond };
  const problem = `annotation ${movesPerSecondAnnotation} must be a number above 0, but is ${JSON.stringify(text)}`;
  return { paused, problem };
}

/** Have two versions of a ring the same brakes? */
export function hasSameBrakes(a: ControllerRing, b: ControllerRing): boolean {
  const [one, other] = [brakesOf(a), brakesOf(b)];
  return one.paused === other.paused && one.movesPerSecond === other.movesPerSecond;
}
