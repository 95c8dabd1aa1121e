import type { JSONObject, JSONValue } from "../contract.ts";
import { InvalidObjectError, isJsonObject } from "../errors.ts";
import type { KubeObject, PartialObjectMetadata } from "../types.ts";

/** Group and plural name of a resource, whatever its version. The core group is "". */
export interface GroupResource {
  /** API group; "" is the core group. */
  readonly group: string;
  /** Plural name, such as `secrets`. */
  readonly resource: string;
}

/** Everything needed to read and write one kind of object. */
export interface Resource<T extends KubeObject> {
  /** API group; "" is the core group. */
  readonly group: string;
  /** Such as `v1`. */
  readonly version: string;
  /** Plural name in paths. */
  readonly plural: string;
  /** Such as `Secret`. */
  readonly kind: string;
  /** Do its objects lie in namespaces? */
  readonly namespaced: boolean;
  /** apiVersion of the objects where it is not group/version, as in a scale subresource. */
  readonly apiVersion?: string;
  /** Is this object of the kind, as far as our code relies on its fields? */
  readonly is: (object: KubeObject) => object is T;
}

/** apiVersion of the objects: `group/version`, or only the version for the core group. */
export function apiVersionOf(resource: Pick<Resource<KubeObject>, "group" | "version" | "apiVersion">): string {
  if (resource.apiVersion !== undefined) return resource.apiVersion;
  return resource.group === "" ? resource.version : `${resource.group}/${resource.version}`;
}

/** `resource.group`, or only the resource for the core group: how people write it. */
export function formatGroupResource(resource: GroupResource): string {
  return resource.group === "" ? resource.resource : `${resource.resource}.${resource.group}`;
}

/** The same resource, seen as metadata only. */
export function metadataOf(resource: Resource<KubeObject>): Resource<PartialObjectMetadata> {
  return { ...resource, is: isAny };
}

/** Every object is one. For resources of which only the metadata counts. */
export function isAny(_object: KubeObject): _object is KubeObject {
  return true;
}

/** Path of a collection or object, from the server's root. */
export function pathOf(
  resource: Pick<Resource<KubeObject>, "group" | "version" | "plural">,
  namespace?: string,
  name?: string,
  subresource?: string,
): string {
  const { group, version, plural } = resource;
  let path = group === "" ? `/api/${version}` : `/apis/${group}/${version}`;
  if (namespace !== undefined) path += `/namespaces/${encodeURIComponent(namespace)}`;
  path += `/${plural}`;
  if (name !== undefined) path += `/${encodeURIComponent(name)}`;
  return subresource === undefined ? path : `${path}/${subresource}`;
}

/**
 * Turns an answer of the API server into an object of the resource. Lists leave out the kind of their items, and a
 * metadata request answers with PartialObjectMetadata: both get the resource's own kind.
 * @throws InvalidObjectError that names the resource, and the object if it has a name.
 */
export function parseObject<T extends KubeObject>(resource: Resource<T>, value: JSONValue): T {
  if (!isJsonObject(value)) throw invalid(resource, "is not an object");
  const object: JSONObject = value["apiVersion"] === undefined || value["kind"] === "PartialObjectMetadata"
    ? { ...value, apiVersion: apiVersionOf(resource), kind: resource.kind }
    : value;
  if (!isKubeObject(object)) throw invalid(resource, "has no apiVersion, kind or metadata.name");
  if (!resource.is(object)) {
    throw invalid(resource, `"${object.metadata.name}" does not have the fields of a ${resource.kind}`);
  }
  return object;
}

function invalid(resource: Resource<KubeObject>, what: string): InvalidObjectError {
  return new InvalidObjectError(`the API server sent an object of ${resource.plural} that ${what}`);
}

/** Does the value have the shape that all objects share? Labels and annotations are checked, as code relies on them. */
export function isKubeObject(value: JSONValue | KubeObject): value is KubeObject {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const { apiVersion, kind, metadata } = value;
  if (typeof apiVersion !== "string" || typeof kind !== "string") return false;
  if (typeof metadata !== "object" || metadata === null || Array.isArray(metadata)) return false;
  return typeof metadata["name"] === "string" && isOptionalString(metadata["namespace"]) &&
    isOptionalString(metadata["resourceVersion"]) && isOptionalString(metadata["uid"]) &&
    isOptionalString(metadata["deletionTimestamp"]) && isOptionalStringMap(metadata["labels"]) &&
    isOptionalStringMap(metadata["annotations"]) && isOptionalArray(metadata["ownerReferences"]);
}

function isOptionalString(value: unknown): boolean {
  return value === undefined || typeof value === "string";
}

function isOptionalArray(value: unknown): boolean {
  return value === undefined || Array.isArray(value);
}

/** Is the value absent, or an object of strings only? */
export function isOptionalStringMap(value: unknown): value is Record<string, string> | undefined {
  if (value === undefined) return true;
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  for (const field of Object.values(value)) if (typeof field !== "string") return false;
  return true;
}
