import type { JSONObject, JSONValue } from "../../k8s/contract.ts";
import { isJsonObject } from "../../k8s/errors.ts";
import { deepCopy, getField, objectAt, setField } from "../json.ts";

/**
 * Sets the defaults of a structural schema wherever there is an object to set them in, and drops nulls that the schema
 * does not allow; works on the given value.
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
    else if (given === null && isMissing) delete value[key];
    setStructuralDefaults(getField(value, key), property);
  }
  const more = getField(schema, "additionalProperties");
  if (!isJsonObject(more)) return;
  for (const key of Object.keys(value)) {
    if (Object.hasOwn(properties, key)) continue;
    if (getField(value, key) === null && more["nullable"] !== true) delete value[key];
    else setStructuralDefaults(getField(value, key), more);
  }
}
