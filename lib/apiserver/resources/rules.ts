import type { JSONObject } from "../../k8s/contract.ts";
import { deepEqual, objectAt, stringAt } from "../json.ts";
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
const keysOfTypes: Readonly<Record<string, readonly string[]>> = {
  "kubernetes.io/dockercfg": [".dockercfg"],
  "kubernetes.io/dockerconfigjson": [".dockerconfigjson"],
  "kubernetes.io/ssh-auth": ["ssh-privatekey"],
  "kubernetes.io/tls": ["tls.crt", "tls.key"],
};

function missingKeys(secret: JSONObject): readonly Cause[] {
  const data = objectAt(secret, "data");
  const type = stringAt(secret, "type");
  const missing = (key: string): Cause => required(`data[${key}]`, "");
  // Either of the two will do.
  if (type === "kubernetes.io/basic-auth") {
    const keys = ["username", "password"];
    return keys.some((key) => data[key] !== undefined) ? [] : keys.map(missing);
  }
  return (keysOfTypes[type] ?? []).filter((key) => data[key] === undefined).map(missing);
}

/** Secrets and ConfigMaps: keys that can be file names, and no change of what is immutable. */
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
    if (objectAt(object, "binaryData")[key] === undefined) continue;
    causes.push(invalidValue(`data[${key}]`, key, "duplicate of key present in binaryData"));
  }
  if (object["kind"] === "Secret") causes.push(...missingKeys(object));
  return old === undefined ? causes : [...frozenFields(object, old), ...causes];
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
