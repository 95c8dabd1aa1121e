import { shardTroubles } from "../../controllers/shard_lease/shard_troubles.ts";
import { Discovery } from "../../lib/k8s/discovery.ts";
import type { ObjectKey } from "../../lib/k8s/types.ts";
import { OwnerKinds, Rings } from "../../lib/rings/mod.ts";
import { EventRecorder } from "../../lib/runtime/events/mod.ts";
import { Manager } from "../../lib/runtime/manager.ts";
import type { Runnable } from "../../lib/runtime/runnable.ts";
import { fieldManager } from "../../lib/sharding/names.ts";
import { ourTiming } from "../../lib/sharding/shard_state.ts";
import { BoundedQueue } from "../../lib/util/bounded_queue.ts";
import { type WebhookApp, webhookApp } from "../../webhook/app.ts";
import { ringObservers, runtimeObservers } from "./diagnostics/observers.ts";
import type { SharderOptions } from "./options.ts";
import { type Caches, cachesOf } from "./wiring/caches.ts";
import { webhookCertificates } from "./wiring/certificates.ts";
import { Connections } from "./wiring/connections.ts";
import { controllerRingController } from "./wiring/controller_ring.ts";
import { leavingController } from "./wiring/leaving.ts";
import { ownReview } from "./wiring/own_review.ts";
import type { ControllerParts } from "./wiring/parts.ts";
import { noting, reportsOf } from "./wiring/reports.ts";
import { shardLeaseController } from "./wiring/shard_lease.ts";
import { objectSharder } from "./wiring/sharder.ts";

/**
 * Runs one replica of the sharder: it answers the webhook, and while it leads it keeps rings, Leases and objects in
 * order. Resolves when it has stopped after `signal` aborted.
 * @throws LeadershipLostError when the leader's Lease was lost, and what else keeps it from running.
 */
export async function runSharder(options: SharderOptions, signal: AbortSignal): Promise<void> {
  const { config, identity, clock, random, metrics } = options;
  const observers = runtimeObservers(metrics?.registry);
  using connections = new Connections(options, observers);
  const client = connections.replica;
  const caches = cachesOf(client, options);
  const measured = ringObservers(metrics?.registry, { rings: caches.rings.store, leases: caches.leases.store });
  const rings = ringsOf(caches, options, measured.rings);
  const reporter = { controller: fieldManager, instance: identity };
  const recorder = new EventRecorder({ client, clock, random, reporter });
  const certificates = webhookCertificates(options, client);
  const discovery = new Discovery(client, { clock });
  const reports = reportsOf(rings, recorder, clock, () => webhook);
  const cluster = { connections, caches, rings, discovery, recorder, reports, certificates };
  const parts: ControllerParts = { config, clock, random, observers, measured, ...cluster };

  const observer = noting(reports.webhookHealth, measured.admission(() => app.inFlight).observer);
  const ownerKinds = new OwnerKinds({ rings, lookup: discovery, clock, random });
  const keys = config.controller.sharder.referenceKeys ? {} : { isClusterScoped: ownerKinds.isClusterScoped };
  const app: WebhookApp = webhookApp({ lookup: (ring) => rings.get(ring), ...keys, random, clock, observer });
  const webhook = options.serveWebhook(app, certificates);

  const manager = new Manager({
    gates: { leader: connections.gate },
    gracefulShutdown: config.gracefulShutdown,
    clock,
  });
  manager.add(named("informer of ControllerRings", caches.rings));
  manager.add(named("informer of Leases", caches.leases));
  manager.add(named("informer of Namespaces", caches.namespaces));
  manager.add(recorder);
  manager.add(rings);
  manager.add(ownerKinds);
  for (const runnable of certificates?.runnables ?? []) manager.add(runnable);
  manager.add(webhook);
  if (metrics !== undefined && connections.reviews !== undefined) {
    for (const runnable of metrics.serve(connections.reviews)) manager.add(runnable);
  }
  const synced = syncCheck(rings, signal);
  if (options.serveHealth !== undefined) {
    manager.add(options.serveHealth({
      "cache-sync": synced,
      webhook: webhook.check,
      ...(certificates === undefined ? {} : { certificate: certificates.check }),
    }));
  }
  const unjudged = new BoundedQueue<ObjectKey>();
  manager.add(caches.configurations, "leader");
  manager.add(reports.ringEvents, "leader");
  manager.add(controllerRingController(parts), "leader");
  manager.add(shardLeaseController(parts, unjudged), "leader");
  manager.add(shardTroubles(rings, reports.troubles), "leader");
  manager.add(objectSharder(parts, unjudged), "leader");
  manager.add(leavingController(parts), "leader");
  manager.add(ownReview(parts), "leader");
  await manager.run(signal);
}

/** The rings as the caches tell of them. */
function ringsOf(
  caches: Caches,
  { config, clock }: SharderOptions,
  observers: { readonly onCalculation?: (ring: string) => void },
): Rings {
  const { namespaces: _, ...membership } = config.controller.leases;
  return new Rings({
    ...caches,
    ...membership,
    clock,
    defaultNamespaceSelector: config.webhook.config.namespaceSelector,
    timing: { ...ourTiming, uncertainAfter: config.controller.sharder.takeOverAfter },
    ...observers,
  });
}

function named(name: string, runnable: { run(signal: AbortSignal): Promise<void> }): Runnable {
  return { name, run: (signal) => runnable.run(signal) };
}

/** A health check that fails until the caches are filled. */
function syncCheck(rings: Rings, signal: AbortSignal): () => void {
  let ready = false;
  rings.whenReady(signal).then(() => ready = true, () => undefined);
  return () => {
    if (!ready) throw new Error("the caches of ControllerRings, Leases and Namespaces are not filled yet");
  };
}
