import type { JSONObject } from "../../k8s/contract.ts";
import { objectAt, stringAt } from "../json.ts";
import { readEvent, writeEvent } from "./events.ts";
import { normalizeNamespace, normalizeSecret, prepareNamespace, preparePod } from "./normalize.ts";
import { normalizeCustomResourceDefinition, validateCustomResourceDefinition } from "./custom_resource_definition.ts";
import { endpointKinds } from "./endpoint_kinds.ts";
import { moreKinds } from "./more_kinds.ts";
export { nodes, serviceAccounts } from "./more_kinds.ts";
import { flowSchemas, podDisruptionBudgets } from "./policy_kinds.ts";
import { validateLease, validateSecret } from "./rules.ts";
import { validateWebhooks } from "../validate/webhooks.ts";
import { validatePod } from "../validate/workloads.ts";
import type { ServedResource } from "./served_resource.ts";

const core = { group: "", version: "v1" } as const;

/** Namespaces: the server itself reads and makes them. */
export const namespaces: ServedResource = {
  ...core,
  plural: "namespaces",
  singular: "namespace",
  kind: "Namespace",
  namespaced: false,
  // Nobody deletes all of them at once.
  verbs: ["create", "delete", "get", "list", "patch", "update", "watch"],
  shortNames: ["ns"],
  status: true,
  names: "label",
  normalize: normalizeNamespace,
  prepare: prepareNamespace,
  fieldLabels: { "status.phase": (object) => stringAt(objectAt(object, "status"), "phase") },
};

/** Pods: they have subresources of their own, and a grace period. */
export const pods: ServedResource = {
  ...core,
  plural: "pods",
  singular: "pod",
  kind: "Pod",
  namespaced: true,
  shortNames: ["po"],
  categories: ["all"],
  status: true,
  generation: ["spec"],
  prepare: preparePod,
  validate: validatePod,
  fieldLabels: {
    "spec.nodeName": (object) => stringAt(objectAt(object, "spec"), "nodeName"),
    "spec.restartPolicy": (object) => stringAt(objectAt(object, "spec"), "restartPolicy"),
    "spec.schedulerName": (object) => stringAt(objectAt(object, "spec"), "schedulerName"),
    "spec.serviceAccountName": (object) => stringAt(objectAt(object, "spec"), "serviceAccountName"),
    "status.phase": (object) => stringAt(objectAt(object, "status"), "phase"),
    "status.podIP": (object) => stringAt(objectAt(object, "status"), "podIP"),
  },
};

/** MutatingWebhookConfigurations: admission follows them. */
export const mutatingWebhookConfigurations: ServedResource = {
  group: "admissionregistration.k8s.io",
  version: "v1",
  plural: "mutatingwebhookconfigurations",
  singular: "mutatingwebhookconfiguration",
  kind: "MutatingWebhookConfiguration",
  validate: validateWebhooks,
  namespaced: false,
  unconditionalUpdate: false,
  categories: ["api-extensions"],
  generation: ["webhooks"],
};

/** ValidatingWebhookConfigurations: admission follows them, too. */
export const validatingWebhookConfigurations: ServedResource = {
  ...mutatingWebhookConfigurations,
  plural: "validatingwebhookconfigurations",
  singular: "validatingwebhookconfiguration",
  kind: "ValidatingWebhookConfiguration",
};

/** CustomResourceDefinitions: what they define is served. */
export const customResourceDefinitions: ServedResource = {
  group: "apiextensions.k8s.io",
  version: "v1",
  plural: "customresourcedefinitions",
  singular: "customresourcedefinition",
  kind: "CustomResourceDefinition",
  namespaced: false,
  unconditionalUpdate: false,
  shortNames: ["crd", "crds"],
  categories: ["api-extensions"],
  status: true,
  generation: ["spec"],
  normalize: normalizeCustomResourceDefinition,
  validate: validateCustomResourceDefinition,
};

function eventLabels(regarding: string, controller: string): ServedResource["fieldLabels"] {
  const labels: Record<string, (object: JSONObject) => string> = {};
  for (const field of ["kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath"]) {
    labels[`${regarding}.${field}`] = (object) => stringAt(objectAt(object, regarding), field);
  }
  for (const field of ["reason", "type", controller]) labels[field] = (object) => stringAt(object, field);
  return labels;
}

/** The resources that are served from the start. */
export const builtinResources: readonly ServedResource[] = [
  namespaces,
  {
    ...core,
    plural: "secrets",
    singular: "secret",
    kind: "Secret",
    namespaced: true,
    normalize: normalizeSecret,
    validate: validateSecret,
    fieldLabels: { type: (object) => stringAt(object, "type") },
  },
  {
    ...core,
    plural: "configmaps",
    singular: "configmap",
    kind: "ConfigMap",
    namespaced: true,
    shortNames: ["cm"],
    validate: validateSecret,
  },
  pods,
  {
    ...core,
    plural: "events",
    singular: "event",
    kind: "Event",
    namespaced: true,
    shortNames: ["ev"],
    createOnUpdate: true,
    storedAs: { group: "events.k8s.io", plural: "events" },
    shape: { read: readEvent, write: writeEvent },
    fieldLabels: eventLabels("involvedObject", "reportingComponent") ?? {},
  },
  {
    group: "events.k8s.io",
    version: "v1",
    plural: "events",
    singular: "event",
    kind: "Event",
    namespaced: true,
    shortNames: ["ev"],
    createOnUpdate: true,
    fieldLabels: eventLabels("regarding", "reportingController") ?? {},
  },
  {
    group: "coordination.k8s.io",
    version: "v1",
    plural: "leases",
    singular: "lease",
    kind: "Lease",
    namespaced: true,
    unconditionalUpdate: false,
    createOnUpdate: true,
    validate: validateLease,
  },
  mutatingWebhookConfigurations,
  validatingWebhookConfigurations,
  customResourceDefinitions,
  ...moreKinds,
  ...endpointKinds,
  podDisruptionBudgets,
  flowSchemas,
  {
    group: "sharding.timebertt.dev",
    version: "v1alpha1",
    plural: "controllerrings",
    singular: "controllerring",
    kind: "ControllerRing",
    namespaced: false,
    custom: true,
    status: true,
    generation: "all but status",
  },
];
