import { Leaving } from "../../../controllers/sharder/leaving/leaving.ts";
import { Api } from "../../../lib/k8s/api/api.ts";
import { mutatingWebhookConfigurations } from "../../../lib/k8s/kinds/admissionregistration.ts";
import { fieldManager, sharderFieldManager } from "../../../lib/sharding/names.ts";
import { controllerRings } from "../../../lib/sharding/ring_types.ts";
import type { ControllerParts } from "./parts.ts";

/** The controller of objects that leave a ring. */
export function leavingController(parts: ControllerParts): Leaving {
  const { config, clock, random, connections: { leader }, caches, rings, discovery, recorder } = parts;
  const { observers, measured, reports: { troubles } } = parts;
  const { sharder: limits, leases: { namespaces } } = config.controller;
  return new Leaving({
    clock,
    random,
    ...observers.controller,
    ...measured.moves,
    rings,
    configurations: caches.configurations,
    configurationChanges: caches.configurations.source(() => [...rings.list()].map(({ ring }) => ring.metadata.name)),
    client: leader,
    ringApi: new Api(leader, controllerRings, { fieldManager }),
    // Not as who applies the configurations: their fields would go with the next application.
    configurationApi: new Api(leader, mutatingWebhookConfigurations, { fieldManager: sharderFieldManager }),
    lookup: discovery,
    settings: { ...limits, ...(namespaces === undefined ? {} : { leaseNamespaces: namespaces }) },
    troubles,
    recorder,
  });
}
