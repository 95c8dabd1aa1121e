import type { JSONObject, JSONValue } from "../../k8s/contract.ts";
import { isJsonObject } from "../../k8s/errors.ts";
import { objectAt, objectsAt, stringAt } from "../json.ts";
import { ageOf, formatAge } from "./age.ts";
import { ageColumn, type Column, nameColumn, type Printer } from "./column.ts";
import { type JsonPath, JsonPathError, parseJsonPath } from "./json_path.ts";

/** The printer of a CustomResourceDefinition's version: its additionalPrinterColumns, or name and age. */
export function customPrinter(version: JSONObject): Printer {
  const columns = objectsAt(version, "additionalPrinterColumns");
  if (columns.length === 0) return nameAndAge;
  const own = columns.map((each) => ({ column: columnOf(each), find: pathOf(stringAt(each, "jsonPath")) }));
  return {
    columns: [nameColumn, ...own.map(({ column }) => column)],
    cells: (object, now) => [
      stringAt(objectAt(object, "metadata"), "name"),
      ...own.map(({ column, find }) => find === undefined ? unsupported : cell(column.type, find(object), now)),
    ],
  };
}

/** Shown for a path that this server cannot follow: better than an empty cell, which would say that there is nothing. */
const unsupported = "<unsupported path>";

const nameAndAge: Printer = {
  columns: [nameColumn, { ...ageColumn, type: "date" }],
  cells: (object, now) => [stringAt(objectAt(object, "metadata"), "name"), ageOf(object, now)],
};

function columnOf(given: JSONObject): Column {
  const { priority } = given;
  const path = stringAt(given, "jsonPath");
  return {
    name: stringAt(given, "name"),
    type: stringAt(given, "type"),
    format: stringAt(given, "format"),
    description: stringAt(given, "description") || `Custom resource definition column (in JSONPath format): ${path}`,
    priority: typeof priority === "number" ? priority : 0,
  };
}

function pathOf(text: string): JsonPath | undefined {
  try {
    return parseJsonPath(text);
  } catch (error) {
    if (error instanceof JsonPathError) return undefined;
    throw error;
  }
}

/** Only the first value is shown, and only if it is of the column's type. */
function cell(type: string, [value]: readonly JSONValue[], now: number): JSONValue {
  if (value === undefined || value === null) return null;
  switch (type) {
    case "string":
      return text(value);
    case "integer":
      return typeof value === "number" ? Math.trunc(value) : null;
    case "number":
      return typeof value === "number" ? value : null;
    case "boolean":
      return typeof value === "boolean" ? value : null;
    case "date":
      return typeof value === "string" ? age(value, now) : null;
    default:
      return null;
  }
}

function age(time: string, now: number): string {
  const parsed = /^\d{4}-\d\d-\d\dT/.test(time) ? Date.parse(time) : Number.NaN;
  return Number.isNaN(parsed) ? "<invalid>" : formatAge(now - parsed);
}

/** As Go writes it: objects are JSON in the order of their keys, with the characters escaped that mean something in HTML. */
function text(value: JSONValue): string {
  if (typeof value !== "object" || value === null) return String(value);
  return JSON.stringify(sorted(value)).replaceAll(
    /[<>&]/g,
    (character) => `\\u00${character.charCodeAt(0).toString(16)}`,
  );
}

function sorted(value: JSONValue): JSONValue {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.keys(value).sort().map((key) => [key, sorted(value[key])]));
}
