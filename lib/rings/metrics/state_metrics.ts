import type { Lease } from "../../k8s/types.ts";
import { type Labels, registerGauge, type Registry } from "../../runtime/metrics/mod.ts";
import type { StoreReader } from "../../runtime/watch/mod.ts";
import { leaseRingLabel, leaseStateLabel } from "../../sharding/names.ts";
import type { ControllerRing } from "../../sharding/ring_types.ts";

/** What the metrics of states are read from. */
export interface StateMetricsOptions {
  readonly rings: Pick<StoreReader<ControllerRing>, "list">;
  /** Leases with a ring label. */
  readonly leases: Pick<StoreReader<Lease>, "list">;
}

/** The states of the reference's stateset, in its order. */
const states = ["orphaned", "dead", "uncertain", "expired", "ready", "unknown"] as const;

/** Serves rings and shards as the API server shows them, under the reference's names, on every replica. */
export function registerStateMetrics(registry: Registry, { rings, leases }: StateMetricsOptions): void {
  const ofRings = (
    name: string,
    help: string,
    value: (ring: ControllerRing) => number | undefined,
  ): void =>
    registerGauge(registry, {
      name: `controller_sharding_controllerring_${name}`,
      help,
      labelNames: ["controllerring", "uid"],
      *series(): Generator<readonly [Labels, number], void, undefined> {
        for (const ring of rings.list()) {
          const { name: controllerring, uid = "" } = ring.metadata;
          yield [{ controllerring, uid }, value(ring) ?? 0];
        }
      },
    });
  ofRings("metadata_generation", "The generation of a ControllerRing", ({ metadata }) => metadata.generation);
  ofRings(
    "observed_generation",
    "The latest generation observed by the ControllerRing controller",
    ({ status }) => status?.observedGeneration,
  );
  ofRings("status_shards", "The ControllerRing's total number of shards", ({ status }) => status?.shards);
  ofRings(
    "status_available_shards",
    "The ControllerRing's number of available shards",
    ({ status }) => status?.availableShards,
  );
  registerGauge(registry, {
    name: "controller_sharding_shard_info",
    help: "Information about a shard",
    labelNames: ["namespace", "shard", "controllerring", "uid"],
    *series(): Generator<readonly [Labels, number], void, undefined> {
      for (const lease of leases.list()) yield [{ ...shardLabels(lease), uid: lease.metadata.uid ?? "" }, 1];
    },
  });
  registerGauge(registry, {
    name: "controller_sharding_shard_state",
    help: "The shard's current state, as the label of its Lease says",
    labelNames: ["namespace", "shard", "controllerring", "state"],
    *series(): Generator<readonly [Labels, number], void, undefined> {
      for (const lease of leases.list()) {
        const labelled = lease.metadata.labels?.[leaseStateLabel];
        const current = states.find((state) => state === labelled) ?? "unknown";
        for (const state of states) yield [{ ...shardLabels(lease), state }, state === current ? 1 : 0];
      }
    },
  });
}

function shardLabels({ metadata }: Lease): Labels {
  const { namespace = "", name: shard, labels } = metadata;
  return { namespace, shard, controllerring: labels?.[leaseRingLabel] ?? "" };
}
