import type { Lease } from "../../../lib/k8s/types.ts";
import type { RequestObserver } from "../../../lib/k8s/client/mod.ts";
import {
  AdmissionMetrics,
  calculationMetrics,
  MoveMetrics,
  registerStateMetrics,
  registerWorkMetrics,
  type RingWorkSource,
} from "../../../lib/rings/metrics/mod.ts";
import type { ControllerObserver } from "../../../lib/runtime/controller/mod.ts";
import type { ElectionObserver } from "../../../lib/runtime/election/mod.ts";
import {
  clientMetrics,
  controllerMetrics,
  electionMetrics,
  queueMetrics,
  type Registry,
} from "../../../lib/runtime/metrics/mod.ts";
import type { QueueObserver } from "../../../lib/runtime/queue/mod.ts";
import type { StoreReader } from "../../../lib/runtime/watch/mod.ts";
import type { ControllerRing } from "../../../lib/sharding/ring_types.ts";
import type { AdmissionObserver } from "../../../webhook/app.ts";

/** Observers of the parts that every program has, each as the options that the part takes. Empty: nothing is measured. */
export interface RuntimeObservers {
  readonly client: { readonly observer?: RequestObserver };
  readonly controller: { readonly observer?: ControllerObserver; readonly queueObserver?: QueueObserver };
  readonly election: { readonly observer?: ElectionObserver };
}

/** Observers on this registry; none without one. */
export function runtimeObservers(registry: Registry | undefined): RuntimeObservers {
  if (registry === undefined) return { client: {}, controller: {}, election: {} };
  return {
    client: { observer: clientMetrics(registry) },
    controller: { observer: controllerMetrics(registry), queueObserver: queueMetrics(registry) },
    election: { observer: electionMetrics(registry) },
  };
}

/** The caches that metrics of rings are read from. */
export interface RingStores {
  readonly rings: Pick<StoreReader<ControllerRing>, "list" | "get">;
  readonly leases: Pick<StoreReader<Lease>, "list">;
}

/** Observers of what the sharder does, each as the options that the part takes. */
export interface RingObservers {
  readonly rings: { readonly onCalculation?: (ring: string) => void };
  readonly moves: { readonly moves?: MoveMetrics };
  /** @param inFlight how many requests are being answered. */
  readonly admission: (inFlight: () => number) => { readonly observer?: AdmissionObserver };
  /** Has what the sharder knows of its objects read at each scrape. */
  readonly work: (source: RingWorkSource) => void;
}

/** Observers on this registry; none without one. */
export function ringObservers(registry: Registry | undefined, stores: RingStores): RingObservers {
  if (registry === undefined) return { rings: {}, moves: {}, admission: () => ({}), work: () => undefined };
  registerStateMetrics(registry, stores);
  const exists = (ring: string): boolean => stores.rings.get({ namespace: "", name: ring }) !== undefined;
  return {
    rings: { onCalculation: calculationMetrics(registry, exists) },
    moves: { moves: new MoveMetrics(registry, exists) },
    admission: (inFlight) => ({ observer: new AdmissionMetrics(registry, exists, inFlight) }),
    work: (source) => registerWorkMetrics(registry, source),
  };
}
