import type { JSONObject, JSONValue } from "../../k8s/contract.ts";
import { isJsonObject } from "../../k8s/errors.ts";
import { deepEqual, getField, stringAt } from "../json.ts";
import type { Cause } from "../status.ts";
import { formatProblem } from "./formats.ts";
import { compilePattern } from "./patterns.ts";
import { invalid, jsonType, shown } from "./structural_causes.ts";

/** A value of another type than the schema wants. */
export function typeProblem(value: JSONValue, schema: JSONObject, path: string): Cause | undefined {
  const type = stringAt(schema, "type");
  if (schema["x-kubernetes-int-or-string"] === true) {
    return typeof value === "string" || Number.isInteger(value) ? undefined : wrongType(value, "integer,string", path);
  }
  if (type === "" || isOfType(value, type)) return undefined;
  const format = stringAt(schema, "format");
  // Where there is a format, formats are compared, and these have none.
  if (format !== "" && (typeof value === "boolean" || isJsonObject(value))) return wrongType(value, format, path, "");
  return wrongType(value, type, path);
}

/** Whole numbers with a format are refused in words of their own. */
export function fractionProblems(value: JSONValue, schema: JSONObject, path: string): readonly Cause[] {
  const format = stringAt(schema, "format");
  if (schema["type"] !== "integer" || typeof value !== "number" || Number.isInteger(value)) return [];
  if (format !== "int32" && format !== "int64") return [];
  const message = `Invalid value: "float64": ${path} in body must be of type ${format}: "float64"`;
  return [{ reason: "FieldValueTypeInvalid", message, field: shown(path) }, notOfFormat(format, path)];
}

function notOfFormat(format: string, path: string): Cause {
  const message = `Invalid value: "": Checked value must be of type integer with format ${format} in ${path}`;
  return { reason: "FieldValueInvalid", message, field: "<nil>" };
}

function wrongType(value: JSONValue, wanted: string, path: string, given = jsonType(value)): Cause {
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

/** A value that is none of those that the schema lists. */
export function checkEnum(value: JSONValue, schema: JSONObject, path: string): readonly Cause[] {
  const allowed = getField(schema, "enum");
  if (!Array.isArray(allowed) || allowed.some((each) => deepEqual(each, value))) return [];
  const values = allowed.map((each) => JSON.stringify(each)).join(", ");
  const message = `Unsupported value: ${JSON.stringify(value)}: supported values: ${values}`;
  return [{ reason: "FieldValueNotSupported", message, field: shown(path) }];
}

/** What is wrong with a text: its length, pattern or format. */
export function checkString(value: string, schema: JSONObject, path: string): readonly Cause[] {
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

/** A number out of its limits, or no multiple. */
export function checkNumber(value: number, schema: JSONObject, path: string): readonly Cause[] {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = schema;
  const limit = schema["type"] === "integer" && schema["format"] === "int32" ? 2 ** 31 : Infinity;
  const causes: Cause[] = value < -limit || value >= limit ? [notOfFormat("int32", path)] : [];
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
  return causes;
}
