import type { JSONObject, JSONValue } from "../../k8s/contract.ts";
import { isJsonObject } from "../../k8s/errors.ts";
import { deepEqual, getField, objectAt } from "../json.ts";
import type { Cause } from "../status.ts";
import { join, shown } from "./structural_causes.ts";
import { counterpart } from "./structural_values.ts";

/**
 * Evaluates the rules (`x-kubernetes-validations`) of one schema for one value.
 * @param old the value that it replaces; undefined when there is none.
 * @returns the message of each rule that does not hold
 */
export type RuleCheck = (schema: JSONObject, value: JSONValue, old: JSONValue) => readonly RuleFailure[];

/** A rule that does not hold. */
export interface RuleFailure {
  readonly message: string;
  readonly reason: string;
  /** Where it points to, below the value: ".spec.x". */
  readonly fieldPath: string;
}

/**
 * The rules of a schema, and of all below it, that do not hold. What did not change is tolerated (KEP-4008); the real
 * server warns of it.
 */
export function checkRules(
  value: JSONValue,
  old: JSONValue,
  schema: JSONObject,
  path: string,
  rules: RuleCheck,
): readonly Cause[] {
  if (old !== undefined && isSame(value, old, schema)) return [];
  const own = rules(schema, value, old).map(({ message, reason, fieldPath }) => ({
    reason,
    message: `Invalid value: ${message}`,
    field: path === "" && fieldPath !== "" ? fieldPath.slice(1) : shown(path + fieldPath),
  }));
  if (Array.isArray(value)) {
    const items = getField(schema, "items");
    if (!isJsonObject(items)) return own;
    const before = Array.isArray(old) ? old : [];
    const isKeyed = schema["x-kubernetes-list-type"] === "map";
    return [
      ...own,
      ...value.flatMap((item, index) => {
        const same = isKeyed ? counterpart(item, index, before, schema) : undefined;
        return checkRules(item, same, items, `${path}[${index}]`, rules);
      }),
    ];
  }
  if (!isJsonObject(value)) return own;
  const properties = objectAt(schema, "properties");
  const more = getField(schema, "additionalProperties");
  const before = isJsonObject(old) ? old : {};
  return [
    ...own,
    ...Object.keys(value).flatMap((key) => {
      const property = getField(properties, key) ?? more;
      if (!isJsonObject(property) || (path === "" && key === "metadata")) return [];
      return checkRules(getField(value, key), getField(before, key), property, join(path, key), rules);
    }),
  ];
}

/** Is it the same value? Those of keyed lists and sets may come in another order. */
function isSame(value: JSONValue, old: JSONValue, schema: JSONObject): boolean {
  if (Array.isArray(value) && Array.isArray(old)) {
    const items = objectAt(schema, "items");
    const type = schema["x-kubernetes-list-type"];
    if (value.length !== old.length) return false;
    if (type === "set") return value.every((item) => old.some((each) => deepEqual(item, each)));
    return value.every((item, index) => {
      const before = type === "map" ? counterpart(item, index, old, schema) : old[index];
      return before !== undefined && isSame(item, before, items);
    });
  }
  if (!isJsonObject(value) || !isJsonObject(old)) return deepEqual(value, old);
  const properties = objectAt(schema, "properties");
  const names = new Set([...Object.keys(value), ...Object.keys(old)]);
  return [...names].every((name) => {
    const property = getField(properties, name) ?? getField(schema, "additionalProperties");
    return isSame(getField(value, name), getField(old, name), isJsonObject(property) ? property : {});
  });
}
