import type { Endpoint, EndpointPort, EndpointSlice as EndpointSliceFields } from "kubernetes-types/discovery/v1.d.ts";
import type { Resource } from "../../k8s/api/resource.ts";
import type { Stored } from "../../k8s/types.ts";
import { hasArrays } from "./shape.ts";

export type { Endpoint, EndpointPort } from "kubernetes-types/discovery/v1.d.ts";

/** An EndpointSlice of `discovery.k8s.io/v1`. The API server writes null for an empty list here. */
export type EndpointSlice = Omit<Stored<EndpointSliceFields>, "endpoints" | "ports"> & {
  readonly endpoints?: readonly Endpoint[] | null;
  readonly ports?: readonly EndpointPort[] | null;
};

/** EndpointSlices of `discovery.k8s.io/v1`. */
export const endpointSlices: Resource<EndpointSlice> = {
  group: "discovery.k8s.io",
  version: "v1",
  plural: "endpointslices",
  kind: "EndpointSlice",
  namespaced: true,
  is: (object): object is EndpointSlice => {
    const given = Object.fromEntries(Object.entries(object).filter(([, field]) => field !== null));
    return hasArrays(given, "endpoints", "ports");
  },
};
