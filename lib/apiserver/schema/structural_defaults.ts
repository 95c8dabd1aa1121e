import type { JSONObject, JSONValue } from "../../k8s/contract.ts";
import { isJsonObject } from "../../k8s/errors.ts";
import { deepCopy, getField, objectAt, setField } from "../json.ts";

/**
 * Sets the defaults of a structural schema wherever there is an object to set them in; works on the given value.
 */
export function setStructuralDefaults(value: JSONValue, schema: JSONObject): void {
  if (Array.isArray(value)) {
    const items = getField(schema, "items");
    if (isJsonObject(items)) { for (const item of value) setStructuralDefaults(item, items); }
    return;
  }
  if (!isJsonObject(value)) return;
  const properties = objectAt(schema, "properties");
  for (const [key, property] of Object.entries(properties)) {
    if (!isJsonObject(property)) continue;
    const preset = getField(property, "default");
    const given = getField(value, key);
    // A null that the field may not hold counts as nothing.
    const isMissing = given === undefined || (given === null && property["nullable"] !== true);
    if (preset !== undefined && isMissing) setField(value, key, deepCopy(preset));
    setStructuralDefaults(getField(value, key), property);
  }
  const more = getField(schema, "additionalProperties");
  if (!isJsonObject(more)) return;
  for (const key of Object.keys(value)) {
    if (Object.hasOwn(properties, key)) continue;
    setStructuralDefaults(getField(value, key), more);
  }
}

/** Drops nulls that a structural schema does not allow and has no default for; works on the given value. */
export function dropNulls(value: JSONValue, schema: JSONObject): void {
  if (Array.isArray(value)) {
    const items = getField(schema, "items");
    if (isJsonObject(items)) { for (const item of value) dropNulls(item, items); }
    return;
  }
  if (!isJsonObject(value)) return;
  const properties = objectAt(schema, "properties");
  const more = getField(schema, "additionalProperties");
  for (const key of Object.keys(value)) {
    const property = getField(properties, key) ?? more;
    if (!isJsonObject(property)) continue;
    const given = getField(value, key);
    const isNothing = given === null && property["nullable"] !== true && property["default"] === undefined;
    if (isNothing) delete value[key];
    else dropNulls(given, property);
  }
}
