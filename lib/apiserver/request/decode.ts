import { parse as parseYaml } from "yaml";
import type { JSONObject, JSONValue } from "../../k8s/contract.ts";
import { isJsonObject } from "../../k8s/errors.ts";
import { isMap } from "../apply/list_keys.ts";
import { dropEmpty, stringMap, typeName } from "../resources/normalize.ts";
import { apiVersionOf } from "../resources/registry.ts";
import type { ServedResource } from "../resources/served_resource.ts";
import { objectAt, stringAt } from "../json.ts";
import { badRequest, invalid } from "../status.ts";
import { invalidValue } from "../validate/metadata.ts";
import type { Body, Call } from "./call.ts";
import { cannotDecode } from "../resources/normalize.ts";

const metadataFields: ReadonlySet<string> = new Set([
  "name",
  "generateName",
  "namespace",
  "uid",
  "resourceVersion",
  "generation",
  "creationTimestamp",
  "deletionTimestamp",
  "deletionGracePeriodSeconds",
  "labels",
  "annotations",
  "ownerReferences",
  "finalizers",
  "managedFields",
]);

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
export function decodeObject(call: Call, resource: ServedResource): JSONObject {
  const what = `the object provided is unrecognized (must be of type ${resource.kind}): couldn't get version/kind`;
  return completeObject(parseBody(call.body, what), resource);
}

/**
 * Checks kind and version, drops what the kind does not have, and sets defaults. Works on the given object.
 * @throws StatusError 400
 */
export function completeObject(value: JSONValue, resource: ServedResource): JSONObject {
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
  const object: JSONObject = { kind: resource.kind, apiVersion, metadata: cleanMetadata(value["metadata"], resource) };
  const { fields } = resource;
  for (const [key, field] of Object.entries(value)) {
    if (key === "kind" || key === "apiVersion" || key === "metadata" || field === undefined) continue;
    if (fields !== undefined) {
      // stringData is written, never stored: normalize() moves it.
      if (field === null || !(fields.includes(key) || (key === "stringData" && resource.kind === "Secret"))) continue;
      // In maps of strings null means "", which normalize() sees to.
      object[key] = isMap(`.${key}`) ? field : dropNulls(field);
    } else object[key] = field;
  }
  resource.normalize?.(object);
  return object;
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

/** Kinds of the server's own have no null values: Go reads them as absent. */
function dropNulls(value: JSONValue): JSONValue {
  if (Array.isArray(value)) return value.map(dropNulls);
  if (!isJsonObject(value)) return value;
  for (const key of Object.keys(value)) {
    if (value[key] === null || value[key] === undefined) delete value[key];
    else dropNulls(value[key]);
  }
  return value;
}

function cleanMetadata(value: JSONValue, { kind, version }: ServedResource): JSONObject {
  if (value === undefined || value === null) return {};
  if (!isJsonObject(value)) {
    throw cannotDecode(
      kind,
      version,
      `json: cannot unmarshal ${typeName(value)} into Go struct field ${kind}.metadata of type v1.ObjectMeta`,
    );
  }
  const metadata: JSONObject = {};
  for (const key of Object.keys(value)) {
    if (metadataFields.has(key) && value[key] !== null && value[key] !== undefined) metadata[key] = value[key];
  }
  for (const key of ["name", "generateName", "namespace", "uid", "resourceVersion", "deletionTimestamp"]) {
    expect(metadata, key, "string", kind, version);
  }
  stringMap(metadata, "labels", kind, version, "ObjectMeta.metadata.labels");
  stringMap(metadata, "annotations", kind, version, "ObjectMeta.metadata.annotations");
  for (const key of ["ownerReferences", "finalizers", "managedFields"]) expect(metadata, key, "array", kind, version);
  checkItems(metadata, "finalizers", "string", kind, version);
  checkItems(metadata, "ownerReferences", "object", kind, version);
  checkItems(metadata, "managedFields", "object", kind, version);
  dropEmpty(metadata, ...Object.keys(metadata).filter((key) => key !== "generation"));
  return metadata;
}

function expect(metadata: JSONObject, key: string, type: "string" | "array", kind: string, version: string): void {
  const value = metadata[key];
  if (value === undefined || typeName(value) === type) return;
  const go = type === "array" ? "[]string" : "string";
  throw cannotDecode(
    kind,
    version,
    `json: cannot unmarshal ${typeName(value)} into Go struct field ObjectMeta.metadata.${key} of type ${go}`,
  );
}

function checkItems(metadata: JSONObject, key: string, type: "string" | "object", kind: string, version: string): void {
  const items = metadata[key];
  if (!Array.isArray(items)) return;
  const wrong = items.find((item) => type === "object" ? !isJsonObject(item) : typeof item !== "string");
  if (wrong === undefined) return;
  throw cannotDecode(
    kind,
    version,
    `json: cannot unmarshal ${typeName(wrong)} into Go struct field ObjectMeta.metadata.${key} of type ${type}`,
  );
}
