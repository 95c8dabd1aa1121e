import type { JSONObject, JSONValue } from "../../k8s/contract.ts";
import { isJsonObject } from "../../k8s/errors.ts";
import { getField, objectAt } from "../json.ts";

/**
 * Drops the fields that a structural schema does not specify, except below `x-kubernetes-preserve-unknown-fields`.
 * @param object is changed.
 * @param unknown gets the paths of what was dropped.
 * @param resource is the object a whole resource, whose apiVersion, kind and metadata are no business of the schema?
 */
export function pruneUnknown(
  object: JSONObject,
  schema: JSONObject,
  unknown: string[],
  path: string,
  resource: boolean,
): void {
  const properties = objectAt(schema, "properties");
  const more = getField(schema, "additionalProperties");
  const keeps = schema["x-kubernetes-preserve-unknown-fields"] === true || more === true;
  for (const key of Object.keys(object)) {
    if (resource && (key === "apiVersion" || key === "kind" || key === "metadata")) continue;
    const below = path === "" ? key : `${path}.${key}`;
    const property = getField(properties, key) ?? (isJsonObject(more) ? more : undefined);
    if (isJsonObject(property)) pruneValue(getField(object, key), property, unknown, below);
    else if (!keeps) {
      unknown.push(below);
      delete object[key];
    }
  }
}

function pruneValue(value: JSONValue, schema: JSONObject, unknown: string[], path: string): void {
  if (isJsonObject(value)) {
    pruneUnknown(value, schema, unknown, path, schema["x-kubernetes-embedded-resource"] === true);
  } else if (Array.isArray(value)) {
    const items = getField(schema, "items");
    if (!isJsonObject(items)) return;
    value.forEach((item, index) => pruneValue(item, items, unknown, `${path}[${index}]`));
  }
}
