import { formatGroupResource } from "../../../lib/k8s/api/resource.ts";
import { webhookConfigurationName } from "../../../lib/sharding/names.ts";
import { controlledResources, type ControllerRing, mainResources } from "../../../lib/sharding/ring_types.ts";
import type { Rings } from "../../../lib/rings/mod.ts";
import type { Clock } from "../../../lib/util/clock/mod.ts";
import { hasFinalizer } from "../../controller_ring/finalizer.ts";
import type { LeavingConfigurations } from "./configuration_record.ts";
import { recordedResources } from "./labelled_resources.ts";

/** What a {@link LeavingGate} works with. */
export interface LeavingGateParts {
  readonly rings: Pick<Rings, "get">;
  readonly configurations: LeavingConfigurations;
  /** Rings have our finalizer. */
  readonly ringFinalizer: boolean;
  readonly clock: Pick<Clock, "monotonic">;
}

/** No object waits for its shard longer than that on this account, in milliseconds. */
const patience = 1_000;

/** It is looked so often whether all is ready, in milliseconds. */
const check = 20;

/**
 * Holds back the first labels of a ring, or of a resource that it newly names, until they are sure to be found again:
 * the finalizer is on the ring, and the resource is in the record. A sharder that crashed in between would leave labels
 * behind of which the next one knows nothing, if the ring went before it came.
 */
export class LeavingGate {
  readonly #parts: LeavingGateParts;
  /** Since when the gate is closed to a ring, or was, by the version of its spec. */
  readonly #since = new Map<string, { readonly version: string; readonly at: number }>();

  constructor(parts: LeavingGateParts) {
    this.#parts = parts;
  }

  /** Milliseconds for which nothing is to be labelled for a ring; 0 when all is ready, or has had its time. */
  readonly pauseFor = (name: string): number => {
    const ring = this.#parts.rings.get(name)?.ring;
    if (ring === undefined || ring.metadata.deletionTimestamp !== undefined) {
      this.#since.delete(name);
      return 0;
    }
    if (this.#isReady(ring)) return 0;
    const { uid, generation } = ring.metadata;
    const version = `${uid} ${generation}`;
    const now = this.#parts.clock.monotonic();
    const known = this.#since.get(name);
    const { at } = known?.version === version ? known : { at: now };
    this.#since.set(name, { version, at });
    return now - at < patience ? check : 0;
  };

  #isReady(ring: ControllerRing): boolean {
    const { configurations, ringFinalizer } = this.#parts;
    if (ringFinalizer && !hasFinalizer(ring)) return false;
    const name = webhookConfigurationName(ring.metadata.name);
    const configuration = configurations.get({ namespace: "", name });
    if (configuration === undefined) return false;
    const recorded = new Set(recordedResources(configuration).map(({ resource }) => formatGroupResource(resource)));
    const named = [...mainResources(ring), ...controlledResources(ring)];
    return named.every((resource) => recorded.has(formatGroupResource(resource)));
  }
}
