import type { JSONValue } from "../../k8s/contract.ts";
import type { Cause } from "../status.ts";

/** The root has no path; Go writes "<nil>". */
export function shown(path: string): string {
  return path === "" ? "<nil>" : path;
}

/** Path of a field of what is at a path. */
export function join(path: string, key: string): string {
  return path === "" ? key : `${path}.${key}`;
}

/** What JSON calls a value; whole numbers apart. */
export function jsonType(value: JSONValue): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "number";
  return typeof value;
}

/** A value that breaks a rule of its schema. */
export function invalid(path: string, value: JSONValue, problem: string): Cause {
  // Go shows what kind of thing it was instead of a whole object or list.
  const text = typeof value === "object" && value !== null ? `"${jsonType(value)}"` : JSON.stringify(value);
  const message = `Invalid value: ${text}: ${path} in body ${problem}`;
  return { reason: "FieldValueInvalid", message, field: shown(path) };
}
