import { formatKey, keyOf, type PartialObjectMetadata } from "../../../lib/k8s/types.ts";
import type { Logger } from "../../../lib/util/log.ts";
import { type Mover, noDrains } from "../mover.ts";
import { type ObjectReference, referenceTo } from "../passes/pass_scope.ts";
import type { Target } from "../targets.ts";

/** What {@link settleRung} works with. */
export interface RungParts {
  /** Undefined when the ring is gone. */
  readonly mover: () => Mover | undefined;
  /** Aborts when doorbells have to end. */
  readonly signal: () => AbortSignal;
  /** The object cannot move before the Lease of this shard is taken over. */
  readonly onUnjudged: (shard: string) => void;
  /** Hears that the object had no shard, just after it came to be or was changed. */
  readonly onWithoutShard?: (object: PartialObjectMetadata) => void;
  readonly onFailed?: (error: unknown) => void;
  /** The object has to be tried again. */
  readonly onRetry: (object: ObjectReference) => void;
  readonly logger: Logger;
}

/** Gives an object its owner of which a doorbell has told that it has none that lives. Never throws. */
export async function settleRung(target: Target, object: PartialObjectMetadata, parts: RungParts): Promise<void> {
  const { onUnjudged, onWithoutShard, onFailed, onRetry, logger } = parts;
  const [mover, signal] = [parts.mover(), parts.signal()];
  try {
    const outcome = await mover?.settle(target, object, signal, noDrains);
    // A child whose owner is told of as well follows when that has moved.
    if (outcome?.type === "waiting" && outcome.for === "owner") onRetry(referenceTo({ target, ...keyOf(object) }));
    else if (outcome?.type === "waiting") onUnjudged(outcome.shard);
    if (outcome?.type === "written" && outcome.plan.type === "assign") onWithoutShard?.(object);
  } catch (error) {
    if (signal.aborted) return;
    onFailed?.(error);
    const what = `${target.resource.kind} ${formatKey(keyOf(object))}`;
    logger.warn("cannot give the object a shard yet, it is tried again", { object: what, error });
    onRetry(referenceTo({ target, ...keyOf(object) }));
  }
}
