import type { Api } from "../../lib/k8s/api/api.ts";
import type { EventRecorder } from "../../lib/runtime/events/mod.ts";
import type { ControllerRing, ControllerRingStatus } from "../../lib/sharding/ring_types.ts";
import type { Clock } from "../../lib/util/clock/mod.ts";
import { conditionEvents } from "./condition_events.ts";
import { isUrgent } from "./status.ts";
import { holds } from "./webhook_configuration.ts";

/** What a {@link StatusWriter} works with. */
export interface StatusWriterParts {
  readonly ringApi: { readonly status: Pick<Api<ControllerRing>["status"], "replace"> };
  readonly recorder: Pick<EventRecorder, "record">;
  readonly clock: Clock;
  /** Asks that this ring is reconciled again after so many milliseconds. */
  readonly later: (ring: string, ms: number) => void;
}

/** Changes that can wait are written this often at most, in milliseconds. */
const period = 10_000;

/** The last write of a ring's status. */
interface Written {
  readonly at: number;
  /** Version of the ring that the write replaced: while the cache has no other one, ours is newer. */
  readonly replaced: string | undefined;
  readonly ring: ControllerRing;
}

/** Writes the status of rings: at once what is urgent, the rest now and then; and tells of what has changed in it. */
export class StatusWriter {
  readonly #parts: StatusWriterParts;
  readonly #written = new Map<string, Written>();

  constructor(parts: StatusWriterParts) {
    this.#parts = parts;
  }

  /**
   * Sees to it that the ring has this status, now or soon.
   * @param cached as the cache has the ring; it may not have our own last write yet
   * @param next makes the status that the ring should have of the one that it has
   */
  async write(
    cached: ControllerRing,
    next: (ring: ControllerRing) => ControllerRingStatus,
    signal: AbortSignal,
  ): Promise<void> {
    const { ringApi, recorder, clock, later } = this.#parts;
    const { name, uid, resourceVersion } = cached.metadata;
    const known = this.#written.get(name);
    const last = known?.ring.metadata.uid === uid ? known : undefined;
    const ring = last?.replaced === resourceVersion ? last?.ring ?? cached : cached;
    const status = next(ring);
    if (holds(ring.status, status)) return;
    const pause = last === undefined ? 0 : last.at + period - clock.monotonic();
    if (pause > 0 && !isUrgent(ring.status, status)) return later(name, pause);
    const written = await ringApi.status.replace({ ...ring, status }, { signal });
    this.#written.set(name, { at: clock.monotonic(), replaced: resourceVersion, ring: written });
    for (const note of conditionEvents(ring.status, status)) recorder.record(written, note);
  }

  /** Forgets a ring that does not exist any more. */
  forget(ring: string): void {
    this.#written.delete(ring);
  }
}
