import type { JSONObject, JSONValue } from "../../k8s/contract.ts";
import { isJsonObject } from "../../k8s/errors.ts";
import { getField, objectAt, stringAt } from "../json.ts";
import { isEmptyWebhooks } from "../resources/empty_webhooks.ts";
import { goTypeOf } from "../resources/go_type.ts";
import { apiVersionOf } from "../resources/registry.ts";
import type { ServedResource } from "../resources/served_resource.ts";
import { DecodeError, decodeStruct, type Wording } from "../schema/decode.ts";
import { setBuiltinDefaults } from "../schema/defaults.ts";
import { definitionOf } from "../schema/document.ts";
import { duplicateFields } from "../schema/duplicate_fields.ts";
import { metadataSchema, schemaOf } from "../schema/resource_schema.ts";
import { goTypeName } from "../schema/scalars.ts";
import { badRequest, type StatusError, unknownFormat } from "../status.ts";
import type { Call } from "./call.ts";
import { type Decoding, newDecoding, strictMessage, warningsOf, warnOf } from "./decoding.ts";
import { parseJson } from "./go_json.ts";
import { parseYaml } from "./go_yaml.ts";

/** What cannot be read as an object of a kind. The message is the reason alone; the refusal is that of a body. */
export class UndecodableError extends Error {
  override readonly name = "UndecodableError";
  readonly refusal: StatusError;

  constructor(reason: string, refusal: StatusError) {
    super(reason);
    this.refusal = refusal;
  }
}

/** Where an object comes from; a body names its kind, what a patch made has that of the stored object. */
export interface Origin {
  readonly decoding?: Decoding;
  /** The document that refusals show. @default the object as JSON */
  readonly text?: string;
  /** @default "json" */
  readonly wording?: Wording;
  /** Was the object patched? */
  readonly patched?: boolean;
}

/** @throws StatusError 415 for a body that nobody reads */
export function checkMediaType({ body }: Call): void {
  if (body !== undefined && "unreadable" in body) throw unknownFormat(mediaTypes);
}

/** Reads the object in the body of a create or replace. @throws StatusError 400 */
export function decodeObject(call: Call, resource: ServedResource): Decoded {
  checkMediaType(call);
  const decoding = newDecoding(call);
  const { value: parsed, text, twice: keys = [] } = readBody(call, resource);
  // Go reads null as an object without fields.
  const value = parsed === null && resource.custom !== true ? {} : parsed;
  // What is written the same again has no field twice; to look for them takes longer.
  const isPlain = decoding.validation === "Ignore" || text === undefined || JSON.stringify(parsed) === text;
  const twice = isPlain ? [] : duplicateFields(text);
  const object = completeOrWarn(value, resource, call, text === undefined ? { decoding } : { decoding, text });
  // Nobody looks into fields that are dropped.
  const dropped = [...decoding.unknown];
  const seen = twice.filter((field) =>
    !dropped.some((each) => field.startsWith(`${each}.`) || field.startsWith(`${each}[`))
  );
  decoding.problems.unshift(...seen.map((field) => `duplicate field ${JSON.stringify(field)}`));
  if (keys.length > 0 && decoding.validation === "Strict") {
    decoding.problems.unshift(`yaml: unmarshal errors:\n  ${keys.join("\n  ")}`);
  } else if (decoding.validation === "Warn") decoding.problems.unshift(...keys);
  if (decoding.validation === "Strict" && decoding.problems.length > 0) {
    throw badRequest(cannotHandle(resource, resource.kind, resource.version, strictMessage(decoding)));
  }
  warnOf(decoding, call);
  return { object, warnings: warningsOf(decoding) };
}

/** An object that was read, and what the client was warned of. */
export interface Decoded {
  readonly object: JSONObject;
  readonly warnings: readonly string[];
}

interface ReadBody {
  readonly value: JSONValue;
  /** JSON that was sent. */
  readonly text?: string;
  /** Keys that YAML has twice. */
  readonly twice?: readonly string[];
}

/** Media types of objects. */
export const mediaTypes: readonly string[] = [
  "application/json",
  "application/yaml",
  "application/vnd.kubernetes.protobuf",
];

function readBody({ body, contentType }: Call, resource: ServedResource): ReadBody {
  if (body !== undefined && "value" in body) return { value: body.value };
  const text = body !== undefined && "text" in body ? body.text : "";
  const isYaml = contentType === "application/yaml";
  try {
    return isYaml ? parseYaml(text) : { value: parseJson(text), text };
  } catch (cause) {
    const words = cause instanceof Error ? cause.message : String(cause);
    const why = isYaml ? `yaml: ${words}` : `couldn't get version/kind; json parse error: ${words}`;
    throw Object.assign(badRequest(unrecognized(resource, why, text)), { cause });
  }
}

/** Who sends a custom resource of another version is warned all the same. */
function completeOrWarn(
  value: JSONValue,
  resource: ServedResource,
  call: Call,
  origin: Origin & { readonly decoding: Decoding },
): JSONObject {
  try {
    return complete(value, resource, origin);
  } catch (error) {
    warnOf(origin.decoding, call);
    throw error;
  }
}

function complete(value: JSONValue, resource: ServedResource, origin: Origin): JSONObject {
  try {
    return completeObject(value, resource, origin);
  } catch (error) {
    if (error instanceof UndecodableError) throw Object.assign(error.refusal, { cause: error });
    throw error;
  }
}

/**
 * Checks kind and version, drops what the kind does not have, and sets defaults. Works on the given object.
 * @throws UndecodableError for what is no object of this kind
 */
export function completeObject(value: JSONValue, resource: ServedResource, origin: Origin = {}): JSONObject {
  const { decoding, patched = false, wording = "json" } = origin;
  const refuse = (why: string): UndecodableError =>
    new UndecodableError(why, badRequest(unrecognized(resource, why, origin.text ?? JSON.stringify(value))));
  const why = headerProblem(value);
  if (why !== undefined) throw refuse(why);
  const withoutKind = (): UndecodableError => {
    const missing = `Object 'Kind' is missing in '${origin.text ?? JSON.stringify(value)}'`;
    // Without validation of fields another decoder looks.
    if (decoding?.validation !== "Ignore") return refuse(missing);
    const message = cannotHandle(resource, resource.kind, resource.version, missing);
    return new UndecodableError(missing, badRequest(message));
  };
  if (!isJsonObject(value)) throw withoutKind();
  const own = apiVersionOf(resource);
  const kind = stringAt(value, "kind");
  const apiVersion = stringAt(value, "apiVersion");
  if (resource.custom === true && kind === "") throw withoutKind();
  if (resource.custom !== true) checkKind(kind === "" ? resource.kind : kind, apiVersion || own, resource);
  const unknown: string[] = [];
  // Go converts metadata first, and so names what is wrong there.
  const given = patched ? inOrder(value) : value;
  const object = readFields(wording === "json" ? given : metadataFirst(given), resource, unknown, wording);
  for (const field of unknown) decoding?.problems.push(`unknown field ${JSON.stringify(field)}`);
  decoding?.unknown.push(...unknown);
  if (resource.custom === true && apiVersion !== own && !patched) {
    const why = `the API version in the data (${apiVersion}) does not match the expected API version (${own})`;
    throw badRequest(why);
  }
  if (resource.custom !== true) keepReset(objectAt(value, "metadata"), object);
  const { webhooks } = value;
  if (resource.group === "admissionregistration.k8s.io" && isEmptyWebhooks(webhooks)) object["webhooks"] = [];
  normalizeObject(object, resource);
  return object;
}

/** Sets defaults and brings fields into canonical form; works on the given object. */
export function normalizeObject(object: JSONObject, resource: ServedResource): void {
  resource.normalize?.(object);
  if (resource.custom === true) resource.structural?.setDefaults(object);
  else setBuiltinDefaults(object, schemaOf(resource));
}

/** The Go type that a document is first read into, to see what it is. */
export const kindAndVersion =
  'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }';

/** Why the kind and version of a document cannot be read. */
function headerProblem(value: JSONValue): string | undefined {
  if (value === null) return undefined;
  const parse = "couldn't get version/kind; json parse error: json: cannot unmarshal";
  if (!isJsonObject(value)) return `${parse} ${goTypeName(value)} into Go value of type ${kindAndVersion}`;
  for (const key of ["apiVersion", "kind"]) {
    const given = value[key] ?? "";
    if (typeof given !== "string") return `${parse} ${goTypeName(given)} into Go struct field .${key} of type string`;
  }
  const apiVersion = stringAt(value, "apiVersion");
  return apiVersion.split("/").length > 2 ? `unexpected GroupVersion string: ${apiVersion}` : undefined;
}

/** Kinds of the server's own must be the one that the path names. @throws UndecodableError */
function checkKind(kind: string, apiVersion: string, resource: ServedResource): void {
  if (kind === resource.kind && apiVersion === apiVersionOf(resource)) return;
  const { group, version } = splitVersion(apiVersion);
  const isKnown = definitionOf(group, version, kind.replace(/List$/, "")) !== undefined;
  const why = isKnown
    ? `converting (${version}.${kind}) to (${goTypeOf(resource)}): unknown conversion`
    : `no kind "${kind}" is registered for version "${apiVersion}" in scheme "pkg/runtime/scheme.go:111"`;
  throw new UndecodableError(why, badRequest(cannotHandle(resource, kind, version, why)));
}

/** What the kind has of the fields of a value. @throws UndecodableError */
function readFields(value: JSONObject, resource: ServedResource, unknown: string[], wording: Wording): JSONObject {
  const { kind, version } = resource;
  try {
    if (resource.custom !== true) {
      const { apiVersion: _, kind: _kind, ...fields } = value;
      return {
        kind,
        apiVersion: apiVersionOf(resource),
        ...decodeStruct(fields, schemaOf(resource), unknown, { wording }),
      };
    }
    const { metadata = null, ...object } = value;
    if (!isJsonObject(metadata) && metadata !== null) {
      throw new DecodeError(`json: cannot unmarshal ${goTypeName(metadata)} into Go value of type v1.ObjectMeta`);
    }
    const read = decodeStruct(inOrder(metadata ?? {}), metadataSchema(), unknown, { path: "metadata", goPath: "" });
    // Kind and version are checked with the rest, after webhooks were asked.
    const whole: JSONObject = { ...object, metadata: read };
    const dropped: string[] = [];
    // The schema is that of this kind alone.
    const { group } = splitVersion(stringAt(whole, "apiVersion"));
    if (whole["kind"] === kind && group === resource.group) resource.structural?.prune(whole, dropped);
    // What an apply made is not read from JSON.
    if (wording === "json") resource.structural?.dropNulls(whole);
    unknown.push(...dropped.sort());
    return whole;
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    const given = stringAt(value, "apiVersion");
    const inVersion = given === "" ? version : splitVersion(given).version;
    throw new UndecodableError(error.message, badRequest(cannotHandle(resource, kind, inVersion, error.message)));
  }
}

/** What is a map in Go before it is read, is written in the order of its keys. */
function inOrder(object: JSONObject): JSONObject {
  return Object.fromEntries(
    Object.keys(object).sort().map((key) => {
      const value = getField(object, key);
      return [key, isJsonObject(value) ? inOrder(value) : value];
    }),
  );
}

function metadataFirst(object: JSONObject): JSONObject {
  const { metadata, ...rest } = object;
  return metadata === undefined ? rest : { metadata, ...rest };
}

/** An empty list of managedFields, or one empty entry, says that nobody owns anything: it is more than nothing. */
function keepReset(given: JSONObject, object: JSONObject): void {
  const { managedFields } = given;
  if (!Array.isArray(managedFields) || managedFields.length > 1) return;
  const [only = {}] = managedFields;
  if (isJsonObject(only) && Object.keys(only).length === 0) objectAt(object, "metadata")["managedFields"] = [];
}

function splitVersion(apiVersion: string): { group: string; version: string } {
  const [first = "", second] = apiVersion.split("/");
  return second === undefined ? { group: "", version: first } : { group: first, version: second };
}

function cannotHandle(resource: ServedResource, kind: string, version: string, why: string): string {
  return `${kind} in version "${version}" cannot be handled as a ${resource.kind}: ${why}`;
}

function unrecognized(resource: ServedResource, why: string, text: string): string {
  return `the object provided is unrecognized (must be of type ${resource.kind}): ${why} (${summary(text)})`;
}

/** The beginning of a document as refusals show it: what is no JSON object in hexadecimal digits. */
function summary(text: string): string {
  const bytes = new TextEncoder().encode(text);
  if (bytes.length === 0) return "<empty>";
  const first = bytes.slice(0, 30);
  const more = bytes.length > first.length ? " ..." : "";
  return (text.startsWith("{") ? new TextDecoder().decode(first) : first.toHex()) + more;
}
