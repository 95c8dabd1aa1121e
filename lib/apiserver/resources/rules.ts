import { Buffer } from "node:buffer";
import type { JSONObject } from "../../k8s/contract.ts";
import { deepEqual, getField, objectAt, stringAt } from "../json.ts";
import type { Cause } from "../status.ts";
import { invalidValue, required } from "../validate/metadata.ts";

/** Leases: numbers that make sense. */
export function validateLease(object: JSONObject): readonly Cause[] {
  const spec = objectAt(object, "spec");
  const { leaseDurationSeconds: duration, leaseTransitions: transitions, holderIdentity } = spec;
  const causes: Cause[] = [];
  if (typeof duration === "number" && duration <= 0) {
    causes.push(invalidValue("spec.leaseDurationSeconds", duration, "must be greater than 0"));
  }
  if (typeof transitions === "number" && transitions < 0) {
    causes.push(invalidValue("spec.leaseTransitions", transitions, "must be greater than or equal to 0"));
  }
  if (stringAt(spec, "preferredHolder") !== "" && stringAt(spec, "strategy") === "") {
    const message = "Forbidden: can only be set when spec.strategy is set";
    causes.push({ reason: "FieldValueForbidden", message, field: "spec.preferredHolder" });
  }
  // An empty holder is a released Lease; only a coordinated one may not be.
  if (stringAt(spec, "strategy") !== "" && holderIdentity === "") {
    causes.push(invalidValue("spec.holderIdentity", "", "must not be empty"));
  }
  return causes;
}

/** Keys that Secrets of the well-known types must have. */
const keysOfTypes: ReadonlyMap<string, readonly string[]> = new Map([
  ["kubernetes.io/dockercfg", [".dockercfg"]],
  ["kubernetes.io/dockerconfigjson", [".dockerconfigjson"]],
  ["kubernetes.io/ssh-auth", ["ssh-privatekey"]],
  ["kubernetes.io/tls", ["tls.crt", "tls.key"]],
]);

/** Most bytes that the values of a Secret or ConfigMap may have together. */
const mostBytes = 1_048_576;

function missingKeys(secret: JSONObject): readonly Cause[] {
  const data = objectAt(secret, "data");
  const type = stringAt(secret, "type");
  const missing = (key: string): Cause => required(`data[${key}]`, "");
  // Either of the two will do.
  if (type === "kubernetes.io/basic-auth") {
    const keys = ["username", "password"];
    return keys.some((key) => data[key] !== undefined) ? [] : keys.map(missing);
  }
  if (type === "kubernetes.io/service-account-token") {
    const annotation = "kubernetes.io/service-account.name";
    const account = stringAt(objectAt(objectAt(secret, "metadata"), "annotations"), annotation);
    return account === "" ? [required(`metadata.annotations[${annotation}]`, "")] : [];
  }
  return (keysOfTypes.get(type) ?? []).filter((key) => data[key] === undefined).map(missing);
}

/** Secrets and ConfigMaps: keys that can be file names, not too much data, and no change of what is immutable. */
export function validateSecret(object: JSONObject, old: JSONObject | undefined): readonly Cause[] {
  const causes: Cause[] = [];
  for (const field of ["data", "binaryData"]) {
    for (const key of Object.keys(objectAt(object, field))) {
      if (key.length > 253 || !/^[-._a-zA-Z0-9]+$/.test(key) || key === "." || key === ".." || key.startsWith("..")) {
        const problem = "a valid config key must consist of alphanumeric characters, '-', '_' or '.' " +
          "(e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";
        causes.push(invalidValue(`${field}[${key}]`, key, problem));
      }
    }
  }
  for (const key of Object.keys(objectAt(object, "data"))) {
    if (getField(objectAt(object, "binaryData"), key) === undefined) continue;
    causes.push(invalidValue(`data[${key}]`, key, "duplicate of key present in binaryData"));
  }
  if (bytesIn(object) > mostBytes) {
    const message = `Too long: may not be more than ${mostBytes} bytes`;
    // The real server knows no name of the fields of a ConfigMap here.
    causes.push({ reason: "FieldValueTooLong", message, field: object["kind"] === "Secret" ? "data" : "[]" });
  }
  if (object["kind"] === "Secret") causes.push(...missingKeys(object));
  return old === undefined ? causes : [...frozenFields(object, old), ...causes];
}

/** How many bytes the values have together: what is base64 counts as what it stands for. */
function bytesIn(object: JSONObject): number {
  const texts = (field: string): readonly string[] => Object.values(objectAt(object, field)).map(String);
  const encoded = [...texts("binaryData"), ...object["kind"] === "Secret" ? texts("data") : []];
  const plain = object["kind"] === "Secret" ? [] : texts("data");
  const sizes = [
    ...encoded.map((text) => Buffer.byteLength(text, "base64")),
    ...plain.map((text) => Buffer.byteLength(text)),
  ];
  return sizes.reduce((sum, size) => sum + size, 0);
}

function frozenFields(object: JSONObject, old: JSONObject): readonly Cause[] {
  const causes: Cause[] = [];
  if (object["kind"] === "Secret" && object["type"] !== old["type"]) {
    causes.push(invalidValue("type", object["type"], "field is immutable"));
  }
  if (old["immutable"] === true) {
    const frozen = ["immutable", "data", "binaryData"];
    for (const field of frozen.filter((each) => !deepEqual(object[each], old[each]))) {
      const message = "Forbidden: field is immutable when `immutable` is set";
      causes.push({ reason: "FieldValueForbidden", message, field });
    }
  }
  return causes;
}
