import { objectAt, stringAt } from "../json.ts";
import { validateIngress } from "../validate/ingresses.ts";
import { validateBinding, validateRole } from "../validate/rbac.ts";
import { validateService } from "../validate/services.ts";
import { validateWorkload } from "../validate/workloads.ts";
import type { ScaleFields, ServedResource } from "./served_resource.ts";
import { prepareNode } from "./normalize.ts";
import { keepServiceAddress, prepareService } from "./services.ts";

const core = { group: "", version: "v1" } as const;
const apps = { group: "apps", version: "v1", namespaced: true, categories: ["all"], generation: ["spec"] } as const;
const rbac = { group: "rbac.authorization.k8s.io", version: "v1", names: "path" } as const;
const networking = { group: "networking.k8s.io", version: "v1", generation: ["spec"] } as const;

const scale: ScaleFields = {
  specReplicas: ["spec", "replicas"],
  statusReplicas: ["status", "replicas"],
  selector: ["spec", "selector"],
};

/** ServiceAccounts: pods run as one. */
export const serviceAccounts: ServedResource = {
  ...core,
  plural: "serviceaccounts",
  singular: "serviceaccount",
  kind: "ServiceAccount",
  namespaced: true,
  shortNames: ["sa"],
};

/** Nodes: pods are bound to them, and they are asked for logs. */
export const nodes: ServedResource = {
  ...core,
  plural: "nodes",
  singular: "node",
  kind: "Node",
  namespaced: false,
  shortNames: ["no"],
  status: true,
  keepsStatus: true,
  prepare: prepareNode,
  fieldLabels: {
    "spec.unschedulable": (object) => String(objectAt(object, "spec")["unschedulable"] === true),
  },
};

/** Kinds that need little more than their recorded schema. */
export const moreKinds: readonly ServedResource[] = [
  {
    ...core,
    plural: "services",
    singular: "service",
    kind: "Service",
    namespaced: true,
    shortNames: ["svc"],
    categories: ["all"],
    status: true,
    names: "label",
    prepare: prepareService,
    keep: keepServiceAddress,
    validate: validateService,
    fieldLabels: {
      "spec.clusterIP": (object) => stringAt(objectAt(object, "spec"), "clusterIP"),
      "spec.type": (object) => stringAt(objectAt(object, "spec"), "type"),
    },
  },
  serviceAccounts,
  nodes,
  {
    ...apps,
    plural: "deployments",
    singular: "deployment",
    kind: "Deployment",
    shortNames: ["deploy"],
    status: true,
    scale,
    validate: validateWorkload,
  },
  {
    ...apps,
    plural: "replicasets",
    singular: "replicaset",
    kind: "ReplicaSet",
    shortNames: ["rs"],
    status: true,
    scale,
    validate: validateWorkload,
  },
  {
    ...apps,
    plural: "statefulsets",
    singular: "statefulset",
    kind: "StatefulSet",
    shortNames: ["sts"],
    status: true,
    scale,
    names: "label",
    validate: validateWorkload,
  },
  {
    ...networking,
    plural: "ingresses",
    singular: "ingress",
    kind: "Ingress",
    namespaced: true,
    shortNames: ["ing"],
    status: true,
    validate: validateIngress,
  },
  {
    ...networking,
    plural: "ingressclasses",
    singular: "ingressclass",
    kind: "IngressClass",
    namespaced: false,
  },
  { ...rbac, plural: "roles", singular: "role", kind: "Role", namespaced: true, validate: validateRole },
  {
    ...rbac,
    plural: "clusterroles",
    singular: "clusterrole",
    kind: "ClusterRole",
    namespaced: false,
    validate: validateRole,
  },
  {
    ...rbac,
    plural: "rolebindings",
    singular: "rolebinding",
    kind: "RoleBinding",
    namespaced: true,
    validate: validateBinding,
  },
  {
    ...rbac,
    plural: "clusterrolebindings",
    singular: "clusterrolebinding",
    kind: "ClusterRoleBinding",
    namespaced: false,
    validate: validateBinding,
  },
];
