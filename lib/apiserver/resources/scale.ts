import type { JSONObject, JSONValue } from "../../k8s/contract.ts";
import { isJsonObject } from "../../k8s/errors.ts";
import { objectAt, objectsAt, setField, stringAt, stringsAt } from "../json.ts";
import { internalError } from "../status.ts";
import type { ScaleFields, ServedResource } from "./served_resource.ts";

/** The fields that a resource's scale subresource shows. @throws TypeError when it has none */
export function scaleFields({ plural, scale }: ServedResource): ScaleFields {
  if (scale === undefined) throw new TypeError(`${plural} have no scale subresource`);
  return scale;
}

/** The Scale (`autoscaling/v1`) that shows an object. */
export function scaleOf(object: JSONObject, resource: ServedResource): JSONObject {
  const { specReplicas, statusReplicas, selector } = scaleFields(resource);
  const { name, namespace, uid, resourceVersion, creationTimestamp } = objectAt(object, "metadata");
  const wanted = read(object, specReplicas);
  const found = read(object, statusReplicas);
  const chosen = selector === undefined ? "" : formatSelector(read(object, selector));
  return {
    kind: "Scale",
    apiVersion: "autoscaling/v1",
    metadata: { name, ...(namespace === undefined ? {} : { namespace }), uid, resourceVersion, creationTimestamp },
    // Go leaves out what is zero here.
    spec: typeof wanted === "number" && wanted !== 0 ? { replicas: wanted } : {},
    status: {
      replicas: typeof found === "number" ? found : 0,
      ...(chosen === "" ? {} : { selector: chosen }),
    },
  };
}

/** What stands for replicas that a custom resource does not say, while its scale is changed. */
export const unset = -(2 ** 31);

/** Does a custom resource not say how many replicas it is to have? */
export function isUnset(object: JSONObject, resource: ServedResource): boolean {
  return resource.custom === true && read(object, scaleFields(resource).specReplicas) === undefined;
}

/** Refuses to show what a custom resource does not say. @throws StatusError 500 */
export function requireReplicas(object: JSONObject, resource: ServedResource): void {
  if (!isUnset(object, resource)) return;
  throw internalError(`the spec replicas field ".${scaleFields(resource).specReplicas.join(".")}" does not exist`);
}

/** The number of replicas that a Scale asks for. */
export function replicasOf(scale: JSONObject): number {
  const { replicas } = objectAt(scale, "spec");
  return typeof replicas === "number" ? replicas : 0;
}

/** The object with another number of replicas; the given one is not changed. */
export function withReplicas(object: JSONObject, resource: ServedResource, replicas: number): JSONObject {
  return write(object, scaleFields(resource).specReplicas, replicas);
}

function read(object: JSONValue, path: readonly string[]): JSONValue {
  let value = object;
  for (const name of path) value = isJsonObject(value) ? value[name] : undefined;
  return value;
}

function write(object: JSONObject, path: readonly string[], value: JSONValue): JSONObject {
  const [name, ...rest] = path;
  if (name === undefined) return object;
  const changed = { ...object };
  setField(changed, name, rest.length === 0 ? value : write(objectAt(object, name), rest, value));
  return changed;
}

/** A selector as text, its requirements in order; custom resources have it so already. */
function formatSelector(selector: JSONValue): string {
  if (typeof selector === "string") return selector;
  if (!isJsonObject(selector)) return "";
  const labels = Object.entries(objectAt(selector, "matchLabels"))
    .map(([key, value]): readonly [string, string] => [key, `${key}=${value}`]);
  const expressions = objectsAt(selector, "matchExpressions").map((each): readonly [string, string] => {
    return [stringAt(each, "key"), formatRequirement(each)];
  });
  const all = [...labels, ...expressions].toSorted(([left], [right]) => left < right ? -1 : left > right ? 1 : 0);
  return all.map(([, text]) => text).join(",");
}

function formatRequirement(expression: JSONObject): string {
  const key = stringAt(expression, "key");
  const values = [...stringsAt(expression, "values")].sort().join(",");
  switch (stringAt(expression, "operator")) {
    case "In":
      return `${key} in (${values})`;
    case "NotIn":
      return `${key} notin (${values})`;
    case "Exists":
      return key;
    default:
      return `!${key}`;
  }
}
