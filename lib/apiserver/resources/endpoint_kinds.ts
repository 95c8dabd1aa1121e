import type { ServedResource } from "./served_resource.ts";

/** Where the pods of Services are, in both forms. */
export const endpointKinds: readonly ServedResource[] = [
  {
    group: "",
    version: "v1",
    plural: "endpoints",
    singular: "endpoints",
    kind: "Endpoints",
    namespaced: true,
    shortNames: ["ep"],
    warning: "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice",
  },
  {
    group: "discovery.k8s.io",
    version: "v1",
    plural: "endpointslices",
    singular: "endpointslice",
    kind: "EndpointSlice",
    namespaced: true,
    generation: ["addressType", "endpoints", "ports"],
  },
];
