import type { JSONObject, JSONValue } from "../../k8s/contract.ts";
import { isJsonObject } from "../../k8s/errors.ts";
import { deepEqual, getField, objectAt, objectsAt, stringAt, stringsAt } from "../json.ts";
import type { Cause } from "../status.ts";
import { formatProblem } from "./formats.ts";
import { compilePattern } from "./patterns.ts";

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

/** What is wrong with an object by its structural schema, in the words of the real server. */
export function validateStructural(
  object: JSONObject,
  old: JSONObject | undefined,
  schema: JSONObject,
  rules: RuleCheck,
  found: readonly Cause[] = [],
): readonly Cause[] {
  // Metadata has rules of its own, and the schema may not say more but for the name.
  const checked = { ...schema, properties: { ...objectAt(schema, "properties"), metadata: { type: "object" } } };
  const causes = [...checkValue(object, old, checked, ""), ...checkLists(object, schema, "")];
  if (![...found, ...causes].some(({ reason }) => blocking.has(reason))) {
    return [...causes, ...checkRules(object, old, schema, "", rules)];
  }
  // Rules rely on the types.
  return hasRules(schema) ? [...causes, unchecked] : causes;
}

/** What keeps rules from being evaluated. */
const blocking: ReadonlySet<string> = new Set([
  "FieldValueTypeInvalid",
  "FieldValueRequired",
  "FieldValueTooLong",
  "FieldValueTooMany",
  "FieldValueNotSupported",
]);

const unchecked: Cause = {
  reason: "FieldValueInvalid",
  message: "Invalid value: null: some validation rules were not checked because the object was invalid; " +
    "correct the existing errors to complete validation",
  field: "<nil>",
};

function hasRules(schema: JSONObject): boolean {
  if (objectsAt(schema, "x-kubernetes-validations").length > 0) return true;
  const parts = [...Object.values(objectAt(schema, "properties")), schema["items"], schema["additionalProperties"]];
  return parts.some((part) => isJsonObject(part) && hasRules(part));
}

/** What is wrong with the default in a schema. */
export function defaultProblems(schema: JSONObject, field: string): readonly Cause[] {
  return checkValue(schema["default"], undefined, schema, "").map((cause) => ({ ...cause, field }));
}

function checkValue(value: JSONValue, old: JSONValue, schema: JSONObject, path: string): readonly Cause[] {
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

function typeProblem(value: JSONValue, schema: JSONObject, path: string): Cause | undefined {
  const type = stringAt(schema, "type");
  if (schema["x-kubernetes-int-or-string"] === true) {
    return typeof value === "string" || Number.isInteger(value) ? undefined : wrongType(value, "integer,string", path);
  }
  return type === "" || isOfType(value, type) ? undefined : wrongType(value, type, path);
}

/** Whole numbers with a format are refused in words of their own. */
function fractionProblems(value: JSONValue, schema: JSONObject, path: string): readonly Cause[] {
  const format = stringAt(schema, "format");
  if (schema["type"] !== "integer" || typeof value !== "number" || Number.isInteger(value)) return [];
  if (format !== "int32" && format !== "int64") return [];
  const message = `Invalid value: "float64": ${path} in body must be of type ${format}: "float64"`;
  const checked = `Invalid value: "": Checked value must be of type integer with format ${format} in ${path}`;
  return [
    { reason: "FieldValueTypeInvalid", message, field: shown(path) },
    { reason: "FieldValueInvalid", message: checked, field: "<nil>" },
  ];
}

function wrongType(value: JSONValue, wanted: string, path: string): Cause {
  const given = jsonType(value);
  const message = `Invalid value: "${given}": ${path} in body must be of type ${wanted}: "${given}"`;
  return { reason: "FieldValueTypeInvalid", message, field: shown(path) };
}

function isOfType(value: JSONValue, type: string): boolean {
  switch (type) {
    case "object":
      return isJsonObject(value);
    case "array":
      return Array.isArray(value);
    case "integer":
      return Number.isInteger(value);
    case "string":
      return typeof value === "string";
    case "number":
      return typeof value === "number";
    default:
      return typeof value === "boolean";
  }
}

function jsonType(value: JSONValue): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "number";
  return typeof value;
}

/** The root has no path; Go writes "<nil>". */
function shown(path: string): string {
  return path === "" ? "<nil>" : path;
}

function invalid(path: string, value: JSONValue, problem: string): Cause {
  // Go shows what kind of thing it was instead of a whole object or list.
  const text = typeof value === "object" && value !== null ? `"${jsonType(value)}"` : JSON.stringify(value);
  const message = `Invalid value: ${text}: ${path} in body ${problem}`;
  return { reason: "FieldValueInvalid", message, field: shown(path) };
}

function checkEnum(value: JSONValue, schema: JSONObject, path: string): readonly Cause[] {
  const allowed = getField(schema, "enum");
  if (!Array.isArray(allowed) || allowed.some((each) => deepEqual(each, value))) return [];
  const values = allowed.map((each) => JSON.stringify(each)).join(", ");
  const message = `Unsupported value: ${JSON.stringify(value)}: supported values: ${values}`;
  return [{ reason: "FieldValueNotSupported", message, field: shown(path) }];
}

function checkString(value: string, schema: JSONObject, path: string): readonly Cause[] {
  const causes: Cause[] = [];
  const { maxLength, minLength } = schema;
  const length = [...value].length;
  if (typeof maxLength === "number" && length > maxLength) {
    const message = `Too long: may not be more than ${maxLength} bytes`;
    causes.push({ reason: "FieldValueTooLong", message, field: shown(path) });
  }
  if (typeof minLength === "number" && length < minLength) {
    causes.push(invalid(path, value, `should be at least ${minLength} chars long`));
  }
  const pattern = stringAt(schema, "pattern");
  if (pattern !== "" && !compilePattern(pattern).test(value)) {
    causes.push(invalid(path, value, `should match '${pattern}'`));
  }
  const format = stringAt(schema, "format");
  if (formatProblem(value, format)) {
    const cause = invalid(path, value, `must be of type ${format}: ${JSON.stringify(value)}`);
    causes.push({ ...cause, reason: "FieldValueTypeInvalid" });
  }
  return causes;
}

function checkNumber(value: number, schema: JSONObject, path: string): readonly Cause[] {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = schema;
  const causes: Cause[] = [];
  if (typeof maximum === "number" && (exclusiveMaximum === true ? value >= maximum : value > maximum)) {
    causes.push(
      invalid(path, value, `should be less than ${exclusiveMaximum === true ? "" : "or equal to "}${maximum}`),
    );
  }
  if (typeof minimum === "number" && (exclusiveMinimum === true ? value <= minimum : value < minimum)) {
    causes.push(
      invalid(path, value, `should be greater than ${exclusiveMinimum === true ? "" : "or equal to "}${minimum}`),
    );
  }
  if (typeof multipleOf === "number" && multipleOf > 0 && !Number.isInteger(value / multipleOf)) {
    causes.push(invalid(path, value, `should be a multiple of ${multipleOf}`));
  }
  const limit = schema["format"] === "int32" ? 2 ** 31 : undefined;
  if (limit !== undefined && (value < -limit || value >= limit)) {
    causes.push(invalid(path, value, `must be of type int32: "${value}"`));
  }
  return causes;
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
function counterpart(item: JSONValue, index: number, before: readonly JSONValue[], schema: JSONObject): JSONValue {
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

function join(path: string, key: string): string {
  return path === "" ? key : `${path}.${key}`;
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

/** Items that are in a set or keyed list twice. */
function checkLists(value: JSONValue, schema: JSONObject, path: string): readonly Cause[] {
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

function checkRules(
  value: JSONValue,
  old: JSONValue,
  schema: JSONObject,
  path: string,
  rules: RuleCheck,
): readonly Cause[] {
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
