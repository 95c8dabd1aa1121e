import { Buffer } from "node:buffer";
import type { JSONObject, JSONValue } from "../../k8s/contract.ts";
import { isJsonObject } from "../../k8s/errors.ts";
import { badRequest, type StatusError } from "../status.ts";
import { objectAt, setField, stringAt, stringsAt } from "../json.ts";

/** What does not decode into a kind. */
export function cannotDecode(kind: string, version: string, why: string): StatusError {
  return badRequest(`${kind} in version "${version}" cannot be handled as a ${kind}: ${why}`);
}

/** Drops a map or array that is empty or null: the real server does not write them. */
export function dropEmpty(object: JSONObject, ...keys: readonly string[]): void {
  for (const key of keys) {
    const value = object[key];
    if (value === undefined) continue;
    if (value === null || value === "" || (typeof value === "object" && Object.keys(value).length === 0)) {
      delete object[key];
    }
  }
}

/** Checks a map of strings; null values are read as "". */
export function stringMap(
  object: JSONObject,
  key: string,
  kind: string,
  version: string,
  field = `${kind}.${key}`,
): JSONObject | undefined {
  const map = object[key];
  if (map === undefined || map === null) return undefined;
  if (!isJsonObject(map)) {
    throw cannotDecode(
      kind,
      version,
      `json: cannot unmarshal ${typeName(map)} into Go struct field ${field} of type map[string]string`,
    );
  }
  for (const [name, value] of Object.entries(map)) {
    if (value === null) setField(map, name, "");
    else if (typeof value !== "string") {
      throw cannotDecode(
        kind,
        version,
        `json: cannot unmarshal ${typeName(value)} into Go struct field ${field} of type string`,
      );
    }
  }
  return map;
}

/** Go's word for the type of a JSON value. */
export function typeName(value: JSONValue): string {
  if (Array.isArray(value)) return "array";
  switch (typeof value) {
    case "boolean":
      return "bool";
    default:
      return typeof value;
  }
}

/** Secrets: stringData goes into data, the type has a default. */
export function normalizeSecret(object: JSONObject): void {
  const plain = stringMap(object, "stringData", "Secret", "v1");
  checkBase64(object, "data", "Secret");
  if (plain !== undefined) {
    const data = objectAt(object, "data");
    for (const [key, value] of Object.entries(plain)) {
      setField(data, key, Buffer.from(String(value)).toString("base64"));
    }
    object["data"] = data;
    delete object["stringData"];
  }
  if (stringAt(object, "type") === "") object["type"] = "Opaque";
  dropEmpty(object, "data", "immutable");
}

/** ConfigMaps. */
export function normalizeConfigMap(object: JSONObject): void {
  stringMap(object, "data", "ConfigMap", "v1");
  checkBase64(object, "binaryData", "ConfigMap");
  dropEmpty(object, "data", "binaryData", "immutable");
}

function checkBase64(object: JSONObject, key: string, kind: string): void {
  const map = stringMap(object, key, kind, "v1");
  for (const value of Object.values(map ?? {})) {
    const text = String(value);
    if (/^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text)) continue;
    const wrong = Math.max(text.search(/[^A-Za-z0-9+/=]/), 0);
    throw cannotDecode(kind, "v1", `illegal base64 data at input byte ${wrong}`);
  }
}

const microTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}(Z|[+-]\d\d:\d\d)$/;

/** Leases: times have fractions of a second. */
export function normalizeLease(object: JSONObject): void {
  if (!isJsonObject(object["spec"])) {
    object["spec"] = {};
    return;
  }
  const spec = object["spec"];
  for (const key of Object.keys(spec)) if (spec[key] === null) delete spec[key];
  for (const key of ["renewTime", "acquireTime"]) {
    const time = spec[key];
    if (time === undefined) continue;
    if (typeof time !== "string" || !microTime.test(time) || Number.isNaN(Date.parse(time))) {
      const text = JSON.stringify(time);
      throw cannotDecode(
        "Lease",
        "v1",
        `parsing time ${text} as "2006-01-02T15:04:05.000000Z07:00": cannot parse "${
          String(time).slice(19)
        }" as ".000000"`,
      );
    }
    const instant = globalThis.Temporal.Instant.from(time);
    spec[key] = instant.toString({ fractionalSecondDigits: 6 });
  }
  for (const key of ["leaseDurationSeconds", "leaseTransitions"]) {
    const value = spec[key];
    if (value !== undefined && !Number.isInteger(value)) {
      throw cannotDecode(
        "Lease",
        "v1",
        `json: cannot unmarshal ${typeName(value)} into Go struct field LeaseSpec.spec.${key} of type int32`,
      );
    }
  }
  if (spec["holderIdentity"] !== undefined && typeof spec["holderIdentity"] !== "string") {
    const type = typeName(spec["holderIdentity"]);
    throw cannotDecode(
      "Lease",
      "v1",
      `json: cannot unmarshal ${type} into Go struct field LeaseSpec.spec.holderIdentity of type string`,
    );
  }
}

/** Namespaces: their own name as a label. */
export function normalizeNamespace(object: JSONObject): void {
  const metadata = objectAt(object, "metadata");
  const name = stringAt(metadata, "name");
  if (name !== "") metadata["labels"] = { ...objectAt(metadata, "labels"), "kubernetes.io/metadata.name": name };
}

/** New namespaces: the finalizer that keeps them until they are empty, and the phase. */
export function prepareNamespace(object: JSONObject): void {
  const spec = objectAt(object, "spec");
  const finalizers = stringsAt(spec, "finalizers").filter((finalizer) => finalizer !== "kubernetes");
  object["spec"] = { ...spec, finalizers: ["kubernetes", ...finalizers] };
  object["status"] = { phase: "Active" };
}

/** Pods: the defaults that our code may look at. */
export function normalizePod(object: JSONObject): void {
  object["spec"] = { restartPolicy: "Always", terminationGracePeriodSeconds: 30, ...objectAt(object, "spec") };
}

/** New pods. */
export function preparePod(object: JSONObject): void {
  object["status"] = { phase: "Pending" };
}
