import { ringPreparation } from "../../../controllers/controller_ring/finalizer.ts";
import { controllerRingReconciler } from "../../../controllers/controller_ring/reconciler.ts";
import { Api } from "../../../lib/k8s/api/api.ts";
import { mutatingWebhookConfigurations } from "../../../lib/k8s/kinds/admissionregistration.ts";
import { Controller, fromIterable } from "../../../lib/runtime/controller/mod.ts";
import { fieldManager } from "../../../lib/sharding/names.ts";
import { controllerRings } from "../../../lib/sharding/ring_types.ts";
import { map } from "../../../lib/util/streams.ts";
import { type ControllerParts, workers } from "./parts.ts";
import { authorityChanges, ringChanges, ringKey } from "./sources.ts";

/** The controller of rings: their webhook configurations and status. */
export function controllerRingController(parts: ControllerParts): Controller {
  const { config, clock, random, connections: { leader }, caches, rings, recorder, certificates, observers } = parts;
  const { troubles, webhookHealth, later, servedCertificate } = parts.reports;
  const ringApi = new Api(leader, controllerRings);
  const { ringFinalizer } = config.controller.sharder;
  return new Controller({
    clock,
    random,
    ...observers.controller,
    name: "controllerring",
    workers,
    reconcile: controllerRingReconciler({
      rings,
      ringApi,
      ...(ringFinalizer ? { prepare: ringPreparation(ringApi) } : {}),
      configurationApi: new Api(leader, mutatingWebhookConfigurations, { fieldManager }),
      configurations: caches.configurations,
      settings: config.webhook.config,
      certificates,
      servedCertificate,
      troubles,
      webhookHealth,
      later: later.ask,
      recorder,
      clock,
    }),
    sources: [
      ringChanges(rings, (ring) => [ringKey(ring)]),
      caches.configurations.source(() => [...rings.list()].map(({ ring }) => ring.metadata.name)),
      fromIterable("troubles", (signal) => map(troubles.changes(signal), ringKey)),
      later,
      ...certificates === undefined ? [] : [authorityChanges(certificates, rings, clock)],
    ],
  });
}
