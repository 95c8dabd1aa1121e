import type { JSONObject, JSONValue } from "../../k8s/contract.ts";
import { isJsonObject } from "../../k8s/errors.ts";
import { getField, objectAt, objectsAt, stringAt, stringsAt } from "../json.ts";
import { type Cause, notSupported } from "../status.ts";
import { invalidValue, required } from "../validate/metadata.ts";
import { unsupportedFormats } from "./formats.ts";
import { compilePattern } from "./patterns.ts";
import { defaultProblems } from "./structural_validation.ts";
import { compileRule } from "./rules.ts";

const types = ["array", "boolean", "integer", "number", "object", "string"];
const forbidden = ["$ref", "definitions", "dependencies", "additionalItems", "patternProperties", "id", "$schema"];

/**
 * What is wrong with the schema of a CustomResourceDefinition: it has to be structural, and its rules have to compile.
 * @param path of the schema, such as `spec.versions[0].schema.openAPIV3Schema`
 * @throws StatusError 501 for what the real server would take and this one cannot check
 */
export function structuralProblems(schema: JSONObject, path: string): readonly Cause[] {
  const root: Cause[] = [];
  const type = stringAt(schema, "type");
  if (type === "") root.push(required(`${path}.type`, "must not be empty at the root"));
  else if (type !== "object") root.push(invalidValue(`${path}.type`, type, "must be object at the root"));
  return [...root, ...problemsAt(schema, path, true)];
}

function problemsAt(schema: JSONObject, path: string, isRoot: boolean): readonly Cause[] {
  const causes: Cause[] = forbidden.filter((key) => schema[key] !== undefined).map((key) => ({
    reason: "FieldValueForbidden",
    message: `Forbidden: ${key} is not supported`,
    field: `${path}.${key}`,
  }));
  const type = stringAt(schema, "type");
  const properties = Object.entries(objectAt(schema, "properties"));
  const more: JSONValue = getField(schema, "additionalProperties");
  const isFree = schema["x-kubernetes-preserve-unknown-fields"] === true ||
    schema["x-kubernetes-int-or-string"] === true;
  if (type === "" && !isRoot && !isFree) {
    causes.push(required(`${path}.type`, "must not be empty for specified object fields"));
  }
  if (type !== "" && !types.includes(type)) {
    const allowed = types.map((each) => JSON.stringify(each)).join(", ");
    const message = `Unsupported value: ${JSON.stringify(type)}: supported values: ${allowed}`;
    causes.push({ reason: "FieldValueNotSupported", message, field: `${path}.type` });
  }
  if (properties.length > 0 && more !== undefined && more !== false) {
    const message = "Forbidden: additionalProperties and properties are mutual exclusive";
    causes.push({ reason: "FieldValueForbidden", message, field: `${path}.additionalProperties` });
  }
  if (schema["uniqueItems"] === true) {
    const message = "Forbidden: uniqueItems cannot be set to true since the runtime complexity becomes quadratic";
    causes.push({ reason: "FieldValueForbidden", message, field: `${path}.uniqueItems` });
  }
  if (schema["default"] !== undefined) causes.push(...defaultProblems(schema, `${path}.default`));
  const format = stringAt(schema, "format");
  if (unsupportedFormats.has(format)) throw notSupported(`the format ${JSON.stringify(format)} (${path}.format)`);
  causes.push(...patternProblems(schema, path), ...listProblems(schema, path, type), ...ruleProblems(schema, path));
  for (const [name, property] of properties) {
    if (isJsonObject(property)) causes.push(...problemsAt(property, `${path}.properties[${name}]`, false));
  }
  if (isJsonObject(more)) causes.push(...problemsAt(more, `${path}.additionalProperties`, false));
  const items = getField(schema, "items");
  if (isJsonObject(items)) causes.push(...problemsAt(items, `${path}.items`, false));
  return causes;
}

function patternProblems(schema: JSONObject, path: string): readonly Cause[] {
  const pattern = stringAt(schema, "pattern");
  if (pattern === "") return [];
  try {
    compilePattern(pattern);
    return [];
  } catch (cause) {
    // Go's regular expressions have a syntax of their own; what both read means the same.
    throw Object.assign(notSupported(`the pattern ${JSON.stringify(pattern)} (${path}.pattern)`), { cause });
  }
}

function listProblems(schema: JSONObject, path: string, type: string): readonly Cause[] {
  const causes: Cause[] = [];
  const list = stringAt(schema, "x-kubernetes-list-type");
  if (type === "array" && !isJsonObject(getField(schema, "items"))) {
    causes.push(required(`${path}.items`, "must be specified"));
  }
  if (list === "") return causes;
  if (type !== "array") {
    const problem = "must be array if x-kubernetes-list-type is specified";
    causes.push(type === "" ? required(`${path}.type`, problem) : invalidValue(`${path}.type`, type, problem));
  }
  if (!["atomic", "set", "map"].includes(list)) {
    const message = `Unsupported value: ${JSON.stringify(list)}: supported values: "atomic", "map", "set"`;
    causes.push({ reason: "FieldValueNotSupported", message, field: `${path}.x-kubernetes-list-type` });
  }
  if (list !== "map") return causes;
  const keys = stringsAt(schema, "x-kubernetes-list-map-keys");
  const items = objectAt(schema, "items");
  const properties = objectAt(items, "properties");
  if (keys.length === 0) {
    causes.push(required(`${path}.x-kubernetes-list-map-keys`, "must not be empty if x-kubernetes-list-type is map"));
  }
  for (const key of keys) {
    if (!isJsonObject(getField(properties, key))) {
      const problem = "entries must all be names of item properties";
      causes.push(invalidValue(`${path}.x-kubernetes-list-map-keys`, [...keys], problem));
    } else if (!stringsAt(items, "required").includes(key) && objectAt(properties, key)["default"] === undefined) {
      const problem =
        `this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property`;
      causes.push(required(`${path}.items.properties[${key}].default`, problem));
    }
  }
  return causes;
}

function ruleProblems(schema: JSONObject, path: string): readonly Cause[] {
  const causes: Cause[] = [];
  objectsAt(schema, "x-kubernetes-validations").forEach((each, index) => {
    const at = `${path}.x-kubernetes-validations[${index}]`;
    const rule = stringAt(each, "rule");
    if (rule.trim() === "") return void causes.push(required(`${at}.rule`, "rule is not specified"));
    for (const field of ["messageExpression", "optionalOldSelf"]) {
      if (each[field] !== undefined) throw notSupported(`${field} of rules of custom resources (${at})`);
    }
    try {
      compileRule(rule);
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      causes.push(invalidValue(`${at}.rule`, rule, `compilation failed: ${problem}`));
    }
  });
  return causes;
}
