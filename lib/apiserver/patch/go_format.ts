import type { JSONValue } from "../../k8s/contract.ts";
import { isJsonObject } from "../../k8s/errors.ts";

/** A value as Go's `%v` shows it: `map[spec:map[replicas:1]]`, keys in order. */
export function goFormat(value: JSONValue): string {
  if (value === null || value === undefined) return "<nil>";
  if (Array.isArray(value)) return `[${value.map(goFormat).join(" ")}]`;
  if (!isJsonObject(value)) return String(value);
  return `map[${Object.keys(value).sort().map((key) => `${key}:${goFormat(value[key])}`).join(" ")}]`;
}
