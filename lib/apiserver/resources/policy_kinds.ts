import type { ServedResource } from "./served_resource.ts";

/** PodDisruptionBudgets: evictions look at what their status allows, which somebody else has to say. */
export const podDisruptionBudgets: ServedResource = {
  group: "policy",
  version: "v1",
  plural: "poddisruptionbudgets",
  singular: "poddisruptionbudget",
  kind: "PodDisruptionBudget",
  namespaced: true,
  shortNames: ["pdb"],
  status: true,
  generation: ["spec"],
};

/** FlowSchemas: they are kept and shown; nothing is queued here. */
export const flowSchemas: ServedResource = {
  group: "flowcontrol.apiserver.k8s.io",
  version: "v1",
  plural: "flowschemas",
  singular: "flowschema",
  kind: "FlowSchema",
  namespaced: false,
  status: true,
  generation: ["spec"],
};
