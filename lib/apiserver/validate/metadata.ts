import type { JSONObject, JSONValue } from "../../k8s/contract.ts";
import { arrayAt, deepEqual, objectAt, objectsAt, stringAt } from "../json.ts";
import type { NameRule, ServedResource } from "../resources/served_resource.ts";
import type { Cause } from "../status.ts";
import { labelValueProblems, nameProblems, qualifiedNameProblems } from "./names.ts";

const annotationLimit = 256 * 1024;

/** A value that is not allowed. */
export function invalidValue(field: string, value: JSONValue, problem: string): Cause {
  const message = `Invalid value: ${JSON.stringify(value)}: ${problem}`;
  return { reason: "FieldValueInvalid", message, field };
}

/** A value that is missing. */
export function required(field: string, problem: string): Cause {
  return { reason: "FieldValueRequired", message: `Required value${problem === "" ? "" : `: ${problem}`}`, field };
}

/** Checks the metadata of a new object. */
export function validateMetadata(metadata: JSONObject, resource: ServedResource): readonly Cause[] {
  return [...validateName(metadata, resource.names ?? "subdomain"), ...validateFields(metadata)];
}

/** Checks the metadata of an object that replaces another. */
export function validateMetadataChange(metadata: JSONObject, old: JSONObject): readonly Cause[] {
  const causes: Cause[] = [];
  for (const field of ["name", "namespace", "uid", "creationTimestamp", "deletionTimestamp"]) {
    if (!deepEqual(metadata[field], old[field])) {
      causes.push(invalidValue(`metadata.${field}`, metadata[field] ?? "", "field is immutable"));
    }
  }
  if (old["deletionTimestamp"] !== undefined) {
    const known = arrayAt(old, "finalizers");
    const added = arrayAt(metadata, "finalizers").filter((finalizer) => !known.includes(finalizer));
    if (added.length > 0) {
      causes.push({
        reason: "FieldValueForbidden",
        message: `Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers ${
          JSON.stringify(added)
        }`,
        field: "metadata.finalizers",
      });
    }
  }
  return [...causes, ...validateFields(metadata)];
}

function validateName(metadata: JSONObject, rule: NameRule): readonly Cause[] {
  const name = stringAt(metadata, "name");
  if (name === "") return [required("metadata.name", "name or generateName is required")];
  return nameProblems(name, rule).map((problem) => invalidValue("metadata.name", name, problem));
}

function validateFields(metadata: JSONObject): readonly Cause[] {
  const causes: Cause[] = [];
  for (const [key, value] of Object.entries(objectAt(metadata, "labels"))) {
    for (const problem of qualifiedNameProblems(key)) causes.push(invalidValue("metadata.labels", key, problem));
    for (const problem of labelValueProblems(String(value))) {
      causes.push(invalidValue("metadata.labels", value, problem));
    }
  }
  let size = 0;
  for (const [key, value] of Object.entries(objectAt(metadata, "annotations"))) {
    // Keys of annotations are compared without regard to case; values may be anything.
    for (const problem of qualifiedNameProblems(key.toLowerCase())) {
      causes.push(invalidValue("metadata.annotations", key, problem));
    }
    size += key.length + String(value).length;
  }
  if (size > annotationLimit) {
    const message = `Too long: may not be more than ${annotationLimit} bytes`;
    causes.push({ reason: "FieldValueTooLong", message, field: "metadata.annotations" });
  }
  for (const finalizer of arrayAt(metadata, "finalizers")) {
    for (const problem of qualifiedNameProblems(String(finalizer))) {
      causes.push(invalidValue("metadata.finalizers", finalizer, problem));
    }
  }
  return [...causes, ...validateOwners(objectsAt(metadata, "ownerReferences"))];
}

function validateOwners(owners: readonly JSONObject[]): readonly Cause[] {
  const causes: Cause[] = [];
  const field = "metadata.ownerReferences";
  owners.forEach((owner, index) => {
    for (const key of ["apiVersion", "kind", "name", "uid"]) {
      if (stringAt(owner, key) === "") {
        causes.push(
          invalidValue(
            `${field}[${index}].${key}`,
            "",
            key === "apiVersion" ? "version must not be empty" : "must not be empty",
          ),
        );
      }
    }
  });
  const controllers = owners.filter((owner) => owner["controller"] === true);
  if (controllers.length > 1) {
    const names = controllers.map((owner) => stringAt(owner, "name"));
    causes.push(invalidValue(field, names.join(", "), "Only one reference can have Controller set to true"));
  }
  return causes;
}
