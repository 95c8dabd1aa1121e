import type { JSONObject, JSONValue } from "../../k8s/contract.ts";
import { isJsonObject } from "../../k8s/errors.ts";
import { getField, objectAt, stringAt, stringsAt } from "../json.ts";
import type { Cause } from "../status.ts";
import { join } from "./structural_causes.ts";

/** Items that are in a set or keyed list twice. */
export function checkLists(value: JSONValue, schema: JSONObject, path: string): readonly Cause[] {
  if (isJsonObject(value)) {
    const properties = objectAt(schema, "properties");
    const more = getField(schema, "additionalProperties");
    return Object.keys(value).flatMap((key) => {
      const property = getField(properties, key) ?? more;
      return isJsonObject(property) ? checkLists(getField(value, key), property, join(path, key)) : [];
    });
  }
  const items = getField(schema, "items");
  if (!Array.isArray(value) || !isJsonObject(items)) return [];
  const below = value.flatMap((item, index) => checkLists(item, items, `${path}[${index}]`));
  const type = stringAt(schema, "x-kubernetes-list-type");
  if (type !== "set" && type !== "map") return below;
  const keys = stringsAt(schema, "x-kubernetes-list-map-keys");
  const seen = new Set<string>();
  const causes: Cause[] = [];
  value.forEach((item, index) => {
    const key = type === "map" && isJsonObject(item)
      ? Object.fromEntries(keys.map((each) => [each, item[each]]))
      : item;
    const text = JSON.stringify(key) ?? "";
    if (seen.has(text)) {
      const message = `Duplicate value: ${text}`;
      causes.push({ reason: "FieldValueDuplicate", message, field: `${path}[${index}]` });
    }
    seen.add(text);
  });
  return [...below, ...causes];
}
