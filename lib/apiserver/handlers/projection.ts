import type { JSONObject } from "../../k8s/contract.ts";
import { parseStored } from "../json.ts";
import type { Representation } from "../request/accept.ts";
import { apiVersionOf } from "../resources/registry.ts";
import { goTypeOf } from "../resources/go_type.ts";
import type { ServedResource } from "../resources/served_resource.ts";
import { notAcceptable, plainError } from "../status.ts";
import { metadataOnly, type Projection, whole } from "../store/change.ts";
import type { StoredObject } from "../store/record.ts";

/** The stored object in the shape of a resource. */
export function readShape(record: StoredObject, resource: ServedResource): JSONObject {
  const stored = parseStored(record.json);
  return resource.shape?.read(stored) ?? stored;
}

/** The projection of single objects that a client asks for. @throws StatusError 406 for that of lists. */
export function objectProjection(resource: ServedResource, representation: Representation): Projection {
  if (representation === "metadata") return metadataOnly;
  if (representation === "metadata list") {
    if (resource.custom === true) throw plainError("content is not a list");
    throw notAcceptable(
      `you requested PartialObjectMetadataList, but the requested object is not a list (*${goTypeOf(resource)})`,
    );
  }
  const { shape } = resource;
  return shape === undefined ? whole : { name: apiVersionOf(resource), project: shape.read };
}

/** The projection of the items of a list. @throws StatusError 406 for that of single objects. */
export function itemProjection(resource: ServedResource, representation: Representation): Projection {
  if (representation === "metadata") {
    throw notAcceptable(
      `you requested PartialObjectMetadata, but the requested object is a list (*${goTypeOf(resource)}List)`,
    );
  }
  return objectProjection(resource, representation === "metadata list" ? "metadata" : "object");
}

/**
 * Shows an object, which is in the shape of the resource already, as the client asks. Throws a StatusError 406 for the
 * form of lists only when it is used: by then the real server has written, too.
 */
export function representObject(
  resource: ServedResource,
  representation: Representation,
): (object: JSONObject) => JSONObject {
  return (object) => {
    const projection = objectProjection(resource, representation);
    return projection === metadataOnly ? projection.project(object) : object;
  };
}

/** A list of objects as it is answered. */
export function listDocument(
  resource: ServedResource,
  projection: Projection,
  metadata: JSONObject,
  records: readonly StoredObject[],
): JSONObject {
  const items = records.map((record) => {
    const item = projection.project(parseStored(record.json));
    if (projection === metadataOnly || resource.custom === true) return item;
    // Items of the server's own kinds do not repeat the kind.
    delete item["kind"];
    delete item["apiVersion"];
    return item;
  });
  // Go appends to no list here, so that nothing is null and not [].
  return projection === metadataOnly
    ? {
      kind: "PartialObjectMetadataList",
      apiVersion: "meta.k8s.io/v1",
      metadata,
      items: items.length === 0 ? null : items,
    }
    : {
      kind: `${resource.kind}List`,
      apiVersion: apiVersionOf(resource),
      metadata: resource.custom === true ? { continue: "", ...metadata } : metadata,
      items,
    };
}
