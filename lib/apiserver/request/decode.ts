import { parse as parseYaml } from "yaml";
import type { JSONObject, JSONValue } from "../../k8s/contract.ts";
import { isJsonObject } from "../../k8s/errors.ts";
import { apiVersionOf } from "../resources/registry.ts";
import type { ServedResource } from "../resources/served_resource.ts";
import { objectAt, stringAt } from "../json.ts";
import { badRequest, invalid } from "../status.ts";
import { invalidValue } from "../validate/metadata.ts";
import type { Body, Call } from "./call.ts";
import { cannotDecode } from "../resources/normalize.ts";
import { DecodeError, decodeStruct } from "../schema/decode.ts";
import { setBuiltinDefaults } from "../schema/defaults.ts";
import { duplicateFields } from "../schema/duplicate_fields.ts";
import { metadataSchema, schemaOf } from "../schema/resource_schema.ts";
import { goTypeName } from "../schema/scalars.ts";

/** Reads the body of a request as JSON. @throws StatusError 400 */
export function parseBody(body: Body, what: string): JSONValue {
  if (body === undefined) return undefined;
  if ("value" in body) return body.value;
  try {
    return JSON.parse(body.text);
  } catch (cause) {
    throw Object.assign(
      badRequest(`${what}; json parse error: ${cause instanceof Error ? cause.message : cause} (${body.text})`),
      {
        cause,
      },
    );
  }
}

/** Reads a body that may be YAML, as that of an apply patch. @throws StatusError 400 */
export function parseYamlBody(body: Body): JSONValue {
  if (body === undefined || "value" in body) return body?.value;
  try {
    return /^\s*[{[]/.test(body.text) ? JSON.parse(body.text) : parseYaml(body.text);
  } catch (cause) {
    throw Object.assign(badRequest(`error decoding YAML: ${cause instanceof Error ? cause.message : cause}`), {
      cause,
    });
  }
}

/** Reads the object in the body of a create or replace. @throws StatusError 400 */
export function decodeObject(call: Call, resource: ServedResource): Decoded {
  const what = `the object provided is unrecognized (must be of type ${resource.kind}): couldn't get version/kind`;
  const decoding = newDecoding(call);
  const parsed = call.contentType === "application/yaml" ? parseYamlBody(call.body) : parseBody(call.body, what);
  // Go reads null as an object without fields.
  const value = parsed === null && resource.custom !== true ? {} : parsed;
  const twice = decoding.validation !== "Ignore" && call.body !== undefined && "text" in call.body
    ? duplicateFields(call.body.text)
    : [];
  const object = completeObject(value, resource, decoding);
  // Nobody looks into fields that are dropped.
  const dropped = [...decoding.unknown];
  const seen = twice.filter((field) =>
    !dropped.some((each) => field.startsWith(`${each}.`) || field.startsWith(`${each}[`))
  );
  decoding.problems.unshift(...seen.map((field) => `duplicate field ${JSON.stringify(field)}`));
  if (decoding.validation === "Strict" && decoding.problems.length > 0) {
    throw cannotDecode(resource.kind, resource.version, strictMessage(decoding));
  }
  return { object, warnings: warningsOf(decoding) };
}

/** An object that was read, and what the client is to be warned of. */
export interface Decoded {
  readonly object: JSONObject;
  readonly warnings: readonly string[];
}

/** What becomes of fields that a kind does not have (`fieldValidation`), and what was found. */
export interface Decoding {
  readonly validation: "Ignore" | "Warn" | "Strict";
  /** Such as `unknown field "spec.foo"`. */
  readonly problems: string[];
  /** Paths of fields that were dropped. */
  readonly unknown: string[];
}

/** Reads `fieldValidation`, whose values the options of the request have checked. */
export function newDecoding(call: Call): Decoding {
  const given = call.query.get("fieldValidation");
  return { validation: given === "Ignore" || given === "Strict" ? given : "Warn", problems: [], unknown: [] };
}

/** What a strict decoder says. */
export function strictMessage({ problems }: Decoding): string {
  return `strict decoding error: ${[...new Set(problems)].join(", ")}`;
}

/** What a client is warned of. */
export function warningsOf({ validation, problems }: Decoding): readonly string[] {
  return validation === "Warn" ? [...new Set(problems)] : [];
}

/**
 * Checks kind and version, drops what the kind does not have, and sets defaults. Works on the given object.
 * @param decoding gets the fields that were dropped.
 * @throws StatusError 400
 */
export function completeObject(value: JSONValue, resource: ServedResource, decoding?: Decoding): JSONObject {
  const apiVersion = apiVersionOf(resource);
  if (!isJsonObject(value)) {
    throw badRequest(`the object provided is unrecognized (must be of type ${resource.kind}): it is no JSON object`);
  }
  const { kind = resource.kind, apiVersion: given = apiVersion } = value;
  if (resource.custom === true) checkCustomKind(value, resource);
  if (kind !== resource.kind && kind !== "") {
    throw badRequest(
      `${kind} in version "${given}" cannot be handled as a ${resource.kind}: ` +
        `the kind in the data (${kind}) does not match the expected kind (${resource.kind})`,
    );
  }
  if (given !== apiVersion && given !== "") {
    throw badRequest(
      `the API version in the data (${given}) does not match the expected API version (${apiVersion})`,
    );
  }
  const unknown: string[] = [];
  const object = readFields({ ...value, kind: resource.kind, apiVersion }, resource, unknown);
  for (const field of unknown) decoding?.problems.push(`unknown field ${JSON.stringify(field)}`);
  decoding?.unknown.push(...unknown);
  normalizeObject(object, resource);
  return object;
}

/** Sets defaults and brings fields into canonical form; works on the given object. @throws StatusError 400 */
export function normalizeObject(object: JSONObject, resource: ServedResource): void {
  resource.normalize?.(object);
  if (resource.custom === true) resource.structural?.setDefaults(object);
  else setBuiltinDefaults(object, schemaOf(resource));
}

/** What the kind has of the fields of a value. @throws StatusError 400 */
function readFields(value: JSONObject, resource: ServedResource, unknown: string[]): JSONObject {
  const { kind, version } = resource;
  try {
    if (resource.custom !== true) {
      const { apiVersion, kind: _, ...fields } = value;
      return { kind, apiVersion, ...decodeStruct(fields, schemaOf(resource), unknown) };
    }
    const { metadata = null, ...object } = value;
    const read = isJsonObject(metadata) || metadata === null
      ? decodeStruct(metadata ?? {}, metadataSchema(), unknown, "metadata")
      : undefined;
    if (read === undefined) {
      const found = `json: cannot unmarshal ${goTypeName(metadata)} into Go struct field ${kind}.metadata`;
      throw new DecodeError(`${found} of type v1.ObjectMeta`);
    }
    const whole: JSONObject = { ...object, metadata: read };
    const dropped: string[] = [];
    resource.structural?.prune(whole, dropped);
    unknown.push(...dropped.sort());
    return whole;
  } catch (error) {
    if (error instanceof DecodeError) throw cannotDecode(kind, version, error.message);
    throw error;
  }
}

/** Custom resources have to name their kind, and are told otherwise that it is wrong. */
function checkCustomKind(value: JSONObject, resource: ServedResource): void {
  const { kind = "", apiVersion = "" } = value;
  const document = JSON.stringify(value);
  const what = `the object provided is unrecognized (must be of type ${resource.kind}): Object`;
  if (kind === "") throw badRequest(`${what} 'Kind' is missing in '${document}'`);
  if (apiVersion === "") throw badRequest(`${what} 'apiVersion' is missing in '${document}'`);
  if (kind === resource.kind) return;
  const metadata = objectAt(value, "metadata");
  const cause = invalidValue("kind", kind, `must be ${resource.kind}`);
  throw invalid({ ...resource, kind: String(kind) }, stringAt(metadata, "name"), [cause]);
}
