import type { JSONValue } from "../../k8s/contract.ts";
import { isJsonObject } from "../../k8s/errors.ts";
import { getField } from "../json.ts";
import { itemKey, type ListSchema, type ScalarSchema, schemaAt, type TypeSchema } from "../schema/type_schema.ts";
import { goFormat } from "../patch/go_format.ts";
import { leaf, node, pathsOf } from "./field_set.ts";

/**
 * Why an apply configuration does not fit the schema, in the words of structured-merge-diff; empty when it does.
 * @param duplicates may items of sets and keyed lists be there twice, as in objects that are stored?
 */
export function typeProblems(
  value: JSONValue,
  schema: TypeSchema,
  path = "",
  duplicates = false,
): readonly string[] {
  if (value === null || value === undefined) return [];
  switch (schema.type) {
    case "any":
      return [];
    case "scalar":
      return scalarProblems(value, schema, path);
    case "list":
      if (!Array.isArray(value)) return [`${path}: expected list, got ${show(value)}`];
      return listProblems(value, schema, path, duplicates);
    case "map":
    case "struct":
      // Where a schema may stand, true and false may, too (JSONSchemaPropsOrBool).
      if (typeof value === "boolean" && schema.type === "struct" && schema.name.endsWith(".JSONSchemaProps")) return [];
      if (!isJsonObject(value)) return [`${path}: expected map, got ${show(value)}`];
      return Object.keys(value).sort().flatMap((key) => {
        const below = schemaAt(schema, key);
        if (below === undefined) return [`${path}.${key}: field not declared in schema`];
        return typeProblems(getField(value, key), below, `${path}.${key}`, duplicates);
      });
  }
}

/** The message of the refusal. */
export function typeMessage(problems: readonly string[], place: string): string {
  const [only] = problems;
  const what = problems.length === 1 ? only : `errors:\n${problems.map((each) => `  ${each}`).join("\n")}`;
  return `failed to create typed patch object (${place}): ${what}`;
}

function scalarProblems(value: JSONValue, { scalar }: ScalarSchema, path: string): readonly string[] {
  const isContainer = typeof value === "object";
  switch (scalar) {
    case "string":
    case "bytes":
    case "time":
    case "microTime":
      return typeof value === "string"
        ? []
        : [`${path}: expected string, got &value.valueUnstructured{Value:${goSyntax(value)}}`];
    case "boolean":
      return typeof value === "boolean" ? [] : [`${path}: expected boolean, got ${show(value)}`];
    case "int32":
    case "int64":
    case "number":
      return typeof value === "number" ? [] : [`${path}: expected numeric (int or float), got ${goType(value)}`];
    case "quantity":
    case "intOrString":
      return isContainer ? [`${path}: expected scalar, got ${show(value)}`] : [];
  }
}

function listProblems(
  value: readonly JSONValue[],
  schema: ListSchema,
  path: string,
  duplicates: boolean,
): readonly string[] {
  const problems: string[] = [];
  const seen = new Set<string>();
  value.forEach((item, index) => {
    if (schema.list === "map") {
      if (!isJsonObject(item)) {
        return void problems.push(
          `${path}: element ${index}: associative list with keys may not have ${
            item === null ? "a null element" : "non-map elements"
          }`,
        );
      }
      if (schema.keys.every((key) => item[key] === undefined && defaultOf(schema, key) === undefined)) {
        const keys = `[${schema.keys.map((key) => JSON.stringify(key)).join(" ")}]`;
        const what = `associative list with keys has an element that omits all key fields ${keys}`;
        return void problems.push(
          `${path}: element ${index}: ${what} (and doesn't have default values for any key fields)`,
        );
      }
    }
    const key = schema.list === "map" && isJsonObject(item) ? itemKey(item, schema) : `v:${JSON.stringify(item)}`;
    if (schema.list !== "atomic" && !duplicates && seen.has(key)) {
      const [shown = ""] = pathsOf(node(false, [[key, leaf]]));
      problems.push(`${path}: duplicate entries for key ${shown}`);
    }
    seen.add(key);
    const [shown = ""] = schema.list === "atomic" ? [`[${index}]`] : pathsOf(node(false, [[key, leaf]]));
    problems.push(...typeProblems(item, schema.items, path + shown, duplicates));
  });
  return problems;
}

function defaultOf({ items }: ListSchema, key: string): JSONValue {
  return items.type === "struct" ? items.fields.get(key)?.default : undefined;
}

function show(value: JSONValue): string {
  return `&{${goFormat(value)}}`;
}

/** A value as Go's `%#v` shows it. */
function goSyntax(value: JSONValue): string {
  if (Array.isArray(value)) return `[]interface {}{${value.map(goSyntax).join(", ")}}`;
  if (!isJsonObject(value)) return JSON.stringify(value) ?? "nil";
  const fields = Object.keys(value).sort().map((key) => `${JSON.stringify(key)}:${goSyntax(getField(value, key))}`);
  return `map[string]interface {}{${fields.join(", ")}}`;
}

function goType(value: JSONValue): string {
  if (Array.isArray(value)) return "[]interface {}";
  if (isJsonObject(value)) return "map[string]interface {}";
  return typeof value === "boolean" ? "bool" : typeof value;
}
