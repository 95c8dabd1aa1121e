import type { JSONObject, JSONValue } from "../../k8s/contract.ts";
import { isJsonObject } from "../../k8s/errors.ts";
import { deepEqual, getField, objectAt, objectsAt, stringsAt } from "../json.ts";
import type { Cause } from "../status.ts";
import { invalid, join, shown } from "./structural_causes.ts";
import { checkEnum, checkNumber, checkString, fractionProblems, typeProblem } from "./structural_scalars.ts";

/**
 * What is wrong with a value and all that it holds, but for lists and rules, which look at more than one place.
 * @param old the value that it replaces; undefined when there is none
 */
export function checkValue(value: JSONValue, old: JSONValue, schema: JSONObject, path: string): readonly Cause[] {
  // What was stored once stays valid as long as it is not changed.
  if (old !== undefined && deepEqual(value, old)) return [];
  if (value === null && schema["nullable"] === true) return [];
  const fraction = fractionProblems(value, schema, path);
  if (fraction.length > 0) return fraction;
  const wrong = typeProblem(value, schema, path);
  if (wrong !== undefined) return [wrong];
  const causes = [...checkEnum(value, schema, path)];
  if (typeof value === "string") causes.push(...checkString(value, schema, path));
  else if (typeof value === "number") causes.push(...checkNumber(value, schema, path));
  else if (Array.isArray(value)) causes.push(...checkArray(value, old, schema, path));
  else if (isJsonObject(value)) causes.push(...checkObject(value, old, schema, path));
  return [...causes, ...checkCombinations(value, schema, path)];
}

function checkArray(value: JSONValue[], old: JSONValue, schema: JSONObject, path: string): readonly Cause[] {
  const { maxItems, minItems } = schema;
  const causes: Cause[] = [];
  if (typeof maxItems === "number" && value.length > maxItems) {
    const message = `Too many: ${value.length}: must have at most ${maxItems} items`;
    causes.push({ reason: "FieldValueTooMany", message, field: shown(path) });
  }
  if (typeof minItems === "number" && value.length < minItems) {
    causes.push(invalid(path, value.length, `should have at least ${minItems} items`));
  }
  const items = getField(schema, "items");
  if (!isJsonObject(items)) return causes;
  const before = Array.isArray(old) ? old : [];
  value.forEach((item, index) => {
    causes.push(...checkValue(item, counterpart(item, index, before, schema), items, `${path}[${index}]`));
  });
  return causes;
}

/** The item that this one replaces: only those of keyed lists are the same item as before. */
export function counterpart(
  item: JSONValue,
  index: number,
  before: readonly JSONValue[],
  schema: JSONObject,
): JSONValue {
  const keys = stringsAt(schema, "x-kubernetes-list-map-keys");
  if (keys.length === 0) return schema["x-kubernetes-list-type"] === "set" ? undefined : before[index];
  return before.find((each) =>
    isJsonObject(each) && isJsonObject(item) && keys.every((key) => deepEqual(each[key], item[key]))
  );
}

function checkObject(value: JSONObject, old: JSONValue, schema: JSONObject, path: string): readonly Cause[] {
  const { maxProperties, minProperties } = schema;
  const count = Object.keys(value).length;
  const causes: Cause[] = [];
  if (typeof maxProperties === "number" && count > maxProperties) {
    const message = `Too many: ${count}: must have at most ${maxProperties} items`;
    causes.push({ reason: "FieldValueTooMany", message, field: shown(path) });
  }
  if (typeof minProperties === "number" && count < minProperties) {
    causes.push(invalid(path, value, `should have at least ${minProperties} properties`));
  }
  const required = stringsAt(schema, "required");
  // Null is as good as missing where a value is required.
  const missing = required.filter((name) => (getField(value, name) ?? null) === null);
  const properties = objectAt(schema, "properties");
  const more = getField(schema, "additionalProperties");
  const before = isJsonObject(old) ? old : {};
  for (const key of Object.keys(value)) {
    const property = getField(properties, key) ?? more;
    if (!isJsonObject(property) || (missing.includes(key) && property["nullable"] !== true)) continue;
    causes.push(...checkValue(getField(value, key), getField(before, key), property, join(path, key)));
  }
  for (const name of missing) {
    const property = getField(properties, name);
    const mayBeNull = isJsonObject(property) && property["nullable"] === true && getField(value, name) === null;
    if (mayBeNull) continue;
    causes.push({ reason: "FieldValueRequired", message: "Required value", field: join(path, name) });
  }
  return causes;
}

function checkCombinations(value: JSONValue, schema: JSONObject, path: string): readonly Cause[] {
  const holds = (part: JSONObject): boolean => checkValue(value, undefined, part, path).length === 0;
  const where = JSON.stringify(path);
  const failed = (problem: string): Cause => {
    return { reason: "FieldValueInvalid", message: `Invalid value: "": ${problem}`, field: "<nil>" };
  };
  const causes: Cause[] = objectsAt(schema, "allOf").flatMap((part) => [...checkValue(value, undefined, part, path)]);
  const any = objectsAt(schema, "anyOf");
  if (any.length > 0 && !any.some(holds)) causes.push(failed(`${where} must validate at least one schema (anyOf)`));
  const one = objectsAt(schema, "oneOf");
  const matches = one.filter(holds).length;
  if (one.length > 0 && matches !== 1) {
    const found = matches === 0 ? "Found none valid" : `Found ${matches} valid alternatives`;
    causes.push(failed(`${where} must validate one and only one schema (oneOf). ${found}`));
  }
  const not = getField(schema, "not");
  if (isJsonObject(not) && holds(not)) causes.push(failed(`${where} must not validate the schema (not)`));
  return causes;
}
