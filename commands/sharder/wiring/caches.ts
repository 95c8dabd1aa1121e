import { KnownConfigurations } from "../../../controllers/controller_ring/known_configurations.ts";
import { Api } from "../../../lib/k8s/api/api.ts";
import type { RestClient } from "../../../lib/k8s/contract.ts";
import { mutatingWebhookConfigurations } from "../../../lib/k8s/kinds/admissionregistration.ts";
import { leases } from "../../../lib/k8s/kinds/coordination.ts";
import { namespaces } from "../../../lib/k8s/kinds/core.ts";
import type { Lease, PartialObjectMetadata } from "../../../lib/k8s/types.ts";
import { type Joinable, JointInformer } from "../../../lib/rings/mod.ts";
import { dropManagedFields, Informer } from "../../../lib/runtime/watch/mod.ts";
import { leaseRingLabel } from "../../../lib/sharding/names.ts";
import { type ControllerRing, controllerRings } from "../../../lib/sharding/ring_types.ts";
import type { SharderOptions } from "../options.ts";

/** What a sharder keeps in memory of the cluster: never the objects of rings. */
export interface Caches {
  readonly rings: Informer<ControllerRing>;
  /** Leases of shards, not all the others of the cluster. */
  readonly leases: Joinable<Lease>;
  readonly namespaces: Informer<PartialObjectMetadata>;
  /** Webhook configurations of rings; only the leader fills it. */
  readonly configurations: KnownConfigurations;
}

/**
 * A half-open connection for Leases is given up after so long, in milliseconds: by then no shard's silence has been
 * taken for its death yet.
 */
const leaseWatchTimeout = 20_000;

/** The caches, still empty; they fill while they run. */
export function cachesOf(
  client: RestClient,
  { clock, random, config }: Pick<SharderOptions, "clock" | "random" | "config">,
): Caches {
  const common = { clock, random, transform: dropManagedFields };
  const ofShards = { ...common, labelSelector: leaseRingLabel, watchTimeout: leaseWatchTimeout };
  const leasesIn = (namespace?: string): Informer<Lease> =>
    new Informer(new Api(client, leases).inNamespace(namespace), ofShards);
  const { namespaces: leaseNamespaces } = config.controller.leases;
  return {
    rings: new Informer(new Api(client, controllerRings), common),
    leases: leaseNamespaces === undefined ? leasesIn() : new JointInformer(leaseNamespaces.map(leasesIn)),
    namespaces: new Informer(new Api(client, namespaces).asMetadata(), common),
    configurations: new KnownConfigurations(new Api(client, mutatingWebhookConfigurations), {
      clock,
      random,
      reapplyPeriod: config.controller.sharder.syncPeriod,
    }),
  };
}
