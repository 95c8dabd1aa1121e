import type { JSONValue } from "../../k8s/contract.ts";
import { isJsonObject } from "../../k8s/errors.ts";
import { duplicateFields } from "../schema/duplicate_fields.ts";
import { goTypeName } from "../schema/scalars.ts";
import { badRequest } from "../status.ts";
import type { Call } from "./call.ts";
import { newDecoding } from "./decoding.ts";
import { parseYaml, type YamlDocument } from "./go_yaml.ts";

/** Reads the body of an apply patch: YAML, of which JSON is a part. @throws StatusError 400 */
export function readApplyBody(call: Call): JSONValue {
  const { body } = call;
  const value = body === undefined || "unreadable" in body
    ? null
    : "value" in body
    ? body.value
    : readText(body.text, call);
  if (value === null || value === undefined || isJsonObject(value)) return value;
  const what = `json: cannot unmarshal ${goTypeName(value)} into Go value of type map[string]interface {}`;
  throw badRequest(`error decoding YAML: error unmarshaling JSON: while decoding JSON: ${what}`);
}

function readText(text: string, call: Call): JSONValue {
  const plain = parsePlain(text);
  if (plain !== undefined) return plain;
  const { value, twice } = attempt(text);
  const { validation } = newDecoding(call);
  if (twice.length > 0 && validation === "Strict") {
    const errors = `yaml: unmarshal errors:\n  ${twice.join("\n  ")}`;
    throw badRequest(`error strict decoding YAML: error converting YAML to JSON: ${errors}`);
  }
  if (validation === "Warn") { for (const each of twice) call.warn?.(each); }
  return value;
}

/** Most clients send JSON, which is read much faster. Undefined: it takes a closer look. */
function parsePlain(text: string): JSONValue | undefined {
  if (!/^\s*\{/.test(text)) return undefined;
  try {
    const value: JSONValue = JSON.parse(text);
    return duplicateFields(text).length === 0 ? value : undefined;
  } catch {
    return undefined;
  }
}

function attempt(text: string): YamlDocument {
  try {
    return parseYaml(text);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw Object.assign(badRequest(`error decoding YAML: error converting YAML to JSON: yaml: ${why}`), { cause });
  }
}
