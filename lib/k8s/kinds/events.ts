import type { Resource } from "../api/resource.ts";
import type { KubeEvent } from "../types.ts";

/** Events of `events.k8s.io/v1`. */
export const events: Resource<KubeEvent> = {
  group: "events.k8s.io",
  version: "v1",
  plural: "events",
  kind: "Event",
  namespaced: true,
  is: (_object): _object is KubeEvent => true,
};
