import type { JSONObject } from "../../k8s/contract.ts";
import type { Registry } from "../resources/registry.ts";
import type { ServedResource } from "../resources/served_resource.ts";

/** In which group and version a webhook sees the objects of a request. */
export interface View {
  readonly resource: ServedResource;
  /** From the request's version to this one, and back. */
  readonly show: (object: JSONObject) => JSONObject;
  readonly take: (object: JSONObject) => JSONObject;
}

/** The view of a webhook that names the resource as it is in the request. */
export function ownView(resource: ServedResource): View {
  return { resource, show: same, take: same };
}

function same(object: JSONObject): JSONObject {
  return object;
}

/**
 * The other groups and versions under which the same objects are served, as rules with `matchPolicy: Equivalent` may
 * name them: events of both groups, the versions of a custom resource.
 */
export function equivalentViews(resource: ServedResource, registry: Registry): readonly View[] {
  return registry.others(resource).map((other) => ({
    resource: other,
    show: (object) => convert(object, resource, other),
    take: (object) => convert(object, other, resource),
  }));
}

function convert(object: JSONObject, from: ServedResource, to: ServedResource): JSONObject {
  const stored = from.shape?.write(object) ?? object;
  return to.shape?.read(stored) ?? stored;
}
