import type { Api } from "../../lib/k8s/api/api.ts";
import { type JsonPatchOperation, pointer } from "../../lib/k8s/api/patch.ts";
import { isConflict, isForbidden, isInvalid, isNotFound } from "../../lib/k8s/errors.ts";
import type { RingTroubles, Trouble } from "../../lib/rings/troubles.ts";
import { ringFinalizer } from "../../lib/sharding/names.ts";
import type { ControllerRing } from "../../lib/sharding/ring_types.ts";
import type { Clock } from "../../lib/util/clock/mod.ts";
import type { Logger } from "../../lib/util/log.ts";

/** What a {@link RingFinalizer} works with. */
export interface RingFinalizerParts {
  readonly ringApi: Api<ControllerRing>;
  /** Shall rings have it? Else it is taken off those that do. */
  readonly wanted: boolean;
  readonly troubles: Pick<RingTroubles, "set">;
  readonly clock: Pick<Clock, "monotonic">;
  readonly logger: Logger;
}

/** What was written is seen within so many milliseconds; until then it is not written again. */
const writePause = 1_000;

/** What the sharder has no right to do is tried again after so long, in milliseconds. */
const forbiddenPause = 300_000;

const missing: Trouble = {
  type: "PermissionsMissing",
  reason: "Forbidden",
  message: "The sharder may not patch controllerrings.sharding.timebertt.dev, so nothing keeps the ring, when it is " +
    "deleted, until its objects have lost its labels: give it the verb, or set controller.sharder.ringFinalizer to false",
};

/** Our finalizer on one ring: it keeps a ring that is deleted until its objects have lost the ring's labels. */
export class RingFinalizer {
  readonly #parts: RingFinalizerParts;
  #nextAt = -Infinity;
  #isForbidden = false;

  constructor(parts: RingFinalizerParts) {
    this.#parts = parts;
  }

  /**
   * Sees to it that a ring has the finalizer, or has none where that is wanted.
   * @returns milliseconds until this is to be called again; Infinity when it is as wanted
   */
  async keep(ring: ControllerRing, signal: AbortSignal): Promise<number> {
    const { wanted, troubles, logger } = this.#parts;
    const isForbidden = hasFinalizer(ring) !== wanted && await this.#set(ring, wanted, signal) === "forbidden";
    if (isForbidden) logger.warn("may not write the finalizer of the ring");
    if (isForbidden || !this.#isForbidden) troubles.set(ring.metadata.name, source, isForbidden ? [missing] : []);
    return hasFinalizer(ring) === wanted ? Infinity : this.#pause();
  }

  /**
   * Lets a ring that is being deleted go.
   * @returns milliseconds until this is to be called again; Infinity when nothing of ours keeps the ring
   */
  async remove(ring: ControllerRing, signal: AbortSignal): Promise<number> {
    if (!hasFinalizer(ring)) return Infinity;
    if (await this.#set(ring, false, signal) === "forbidden") {
      this.#parts.logger.error("may not take the finalizer off the ring: `ring release` does, with the right to");
    }
    return this.#pause();
  }

  #pause(): number {
    return Math.max(this.#nextAt - this.#parts.clock.monotonic(), 1);
  }

  async #set(ring: ControllerRing, wanted: boolean, signal: AbortSignal): Promise<SetOutcome> {
    const { ringApi, clock } = this.#parts;
    if (clock.monotonic() < this.#nextAt) return "too early";
    // What was written is not seen at once.
    this.#nextAt = clock.monotonic() + writePause;
    this.#isForbidden = false;
    try {
      return await setFinalizer(ring, wanted, ringApi, signal) ? "done" : "changed";
    } catch (error) {
      if (!isForbidden(error)) throw error;
      this.#nextAt = clock.monotonic() + forbiddenPause;
      this.#isForbidden = true;
      return "forbidden";
    }
  }
}

type SetOutcome = "done" | "changed" | "forbidden" | "too early";

/** Who says that the sharder may not write it. */
const source = "finalizer";

/**
 * Makes what puts our finalizer on a ring before anything else is done for it. Who may not goes on without:
 * {@link RingFinalizer} tries again from time to time, and reports it.
 *
 * The result throws an Error when the ring has changed meanwhile.
 */
export function ringPreparation(
  rings: Api<ControllerRing>,
): (ring: ControllerRing, signal: AbortSignal) => Promise<void> {
  let isDenied = false;
  return async (ring, signal) => {
    if (isDenied) return;
    try {
      if (await setFinalizer(ring, true, rings, signal)) return;
    } catch (error) {
      if (!isForbidden(error)) throw error;
      isDenied = true;
      return;
    }
    throw new Error(`ControllerRing "${ring.metadata.name}" has changed while its finalizer was written`);
  };
}

/** Does our finalizer keep the ring? */
export function hasFinalizer({ metadata }: ControllerRing): boolean {
  return metadata.finalizers?.includes(ringFinalizer) === true;
}

/**
 * Puts our finalizer on a ring, or takes it off. Compares with `ring` before it sets, so that it neither removes what
 * others have added meanwhile, nor brings back what they have removed.
 *
 * @returns false when the ring has changed meanwhile or is gone: the newer ring has to be looked at.
 * @throws ApiError when we may not patch rings.
 */
export async function setFinalizer(
  ring: ControllerRing,
  wanted: boolean,
  rings: Api<ControllerRing>,
  signal: AbortSignal,
): Promise<boolean> {
  if (hasFinalizer(ring) === wanted) return true;
  const { name, uid, finalizers = [] } = ring.metadata;
  const path = pointer("metadata", "finalizers");
  const others = finalizers.filter((finalizer) => finalizer !== ringFinalizer);
  const operations: JsonPatchOperation[] = [
    { op: "test", path: pointer("metadata", "uid"), value: uid ?? null },
    { op: "test", path, value: finalizers.length === 0 ? null : [...finalizers] },
    { op: "add", path, value: wanted ? [...others, ringFinalizer] : others },
  ];
  try {
    await rings.patch(name, { type: "json", operations }, { signal });
    return true;
  } catch (error) {
    if (isInvalid(error) || isConflict(error) || isNotFound(error)) return false;
    throw error;
  }
}
