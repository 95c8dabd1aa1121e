import { tokenRequests } from "../authentication/token_requests.ts";
import type { ServedResource } from "./served_resource.ts";

/** What a subresource may be called here. */
export type SubresourceName = "status" | "scale" | "binding" | "eviction" | "log" | "token";

/** A part of an object, or something to be done with it, under a path of its own. */
export interface Subresource {
  readonly name: SubresourceName;
  /** Group, version and kind of its bodies. */
  readonly body: Pick<ServedResource, "group" | "version" | "kind">;
  readonly verbs: readonly string[];
}

const neverListed = { singular: "", namespaced: true } as const;

/** The kind of bindings of pods to nodes. */
export const bindings: ServedResource = {
  ...neverListed,
  group: "",
  version: "v1",
  plural: "bindings",
  kind: "Binding",
};

/** The kind of requests to evict a pod. */
export const evictions: ServedResource = {
  ...neverListed,
  group: "policy",
  version: "v1",
  plural: "evictions",
  kind: "Eviction",
};

/** The kind that shows how often something runs, whatever it is. */
export const scales: ServedResource = {
  ...neverListed,
  group: "autoscaling",
  version: "v1",
  plural: "scales",
  kind: "Scale",
};

const read = ["get", "patch", "update"] as const;

/** The subresources of a resource, in the order of their names. */
export function subresourcesOf(resource: ServedResource): readonly Subresource[] {
  const isPod = resource.group === "" && resource.plural === "pods";
  const isAccount = resource.group === "" && resource.plural === "serviceaccounts";
  const found: (Subresource | false)[] = [
    isPod && { name: "binding", body: bindings, verbs: ["create"] },
    isPod && { name: "eviction", body: evictions, verbs: ["create"] },
    isPod && { name: "log", body: resource, verbs: ["get"] },
    resource.scale !== undefined && { name: "scale", body: scales, verbs: read },
    isAccount && { name: "token", body: tokenRequests, verbs: ["create"] },
    resource.status === true && { name: "status", body: resource, verbs: read },
  ];
  return found.filter((each) => each !== false);
}
