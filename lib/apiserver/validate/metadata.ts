import type { JSONObject, JSONValue } from "../../k8s/contract.ts";
import { arrayAt, deepEqual, objectAt, objectsAt, stringAt, stringsAt } from "../json.ts";
import type { Call } from "../request/call.ts";
import type { NameRule, ServedResource } from "../resources/served_resource.ts";
import type { Cause } from "../status.ts";
import { labelValueProblems, nameProblems, qualifiedNameProblems } from "./names.ts";

const standardFinalizers: ReadonlySet<string> = new Set(["orphan", "foregroundDeletion", "kubernetes"]);
const generalRulesOnly: ReadonlySet<string> = new Set([
  "admissionregistration.k8s.io",
  "apiextensions.k8s.io",
  "coordination.k8s.io",
  "events.k8s.io",
]);
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
  const rule = resource.names ?? "subdomain";
  return [...validatePrefix(metadata, rule), ...validateName(metadata, rule), ...validateFields(metadata, resource)];
}

/** Checks the metadata of an object that replaces another. */
export function validateMetadataChange(
  metadata: JSONObject,
  old: JSONObject,
  resource: ServedResource,
): readonly Cause[] {
  const causes: Cause[] = [];
  for (const field of immutable) {
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
        message:
          `Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{${
            added.map((finalizer) => JSON.stringify(finalizer)).join(", ")
          }}`,
        field: "metadata.finalizers",
      });
    }
  }
  return [...causes, ...validateFields(metadata, resource)];
}

const immutable = [
  "name",
  "namespace",
  "uid",
  "creationTimestamp",
  "deletionTimestamp",
  "deletionGracePeriodSeconds",
];

/** Warns of finalizers that came to a custom resource and might be somebody else's, too. */
export function warnOfFinalizers(
  metadata: JSONObject,
  old: JSONObject,
  resource: ServedResource,
  { warn }: Pick<Call, "warn">,
): void {
  if (resource.custom !== true) return;
  const known = stringsAt(old, "finalizers");
  const added = new Set(stringsAt(metadata, "finalizers").filter((each) => !known.includes(each)));
  for (const finalizer of [...added].sort()) {
    if (finalizer.includes("/") || standardFinalizers.has(finalizer)) continue;
    const how = finalizer.includes(".") ? "name including a path (/)" : "name";
    warn?.(
      `metadata.finalizers: ${JSON.stringify(finalizer)}: prefer a domain-qualified finalizer ${how} to avoid ` +
        "accidental conflicts with other finalizer writers",
    );
  }
}

function validatePrefix(metadata: JSONObject, rule: NameRule): readonly Cause[] {
  const prefix = stringAt(metadata, "generateName");
  if (prefix === "") return [];
  // A prefix may end with a dash, as the suffix follows.
  const problems = nameProblems(prefix.replace(/-$/, "a"), rule);
  return problems.map((problem) => invalidValue("metadata.generateName", prefix, problem));
}

function validateName(metadata: JSONObject, rule: NameRule): readonly Cause[] {
  const name = stringAt(metadata, "name");
  if (name === "") return [required("metadata.name", "name or generateName is required")];
  return nameProblems(name, rule).map((problem) => invalidValue("metadata.name", name, problem));
}

function validateFields(metadata: JSONObject, resource: ServedResource): readonly Cause[] {
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
  const owners = validateOwners(objectsAt(metadata, "ownerReferences"));
  const finalizers = stringsAt(metadata, "finalizers");
  for (const finalizer of finalizers) {
    for (const problem of qualifiedNameProblems(finalizer)) {
      causes.push(invalidValue("metadata.finalizers", finalizer, problem));
    }
  }
  // Kinds whose rules are of newer machinery are checked by the general rules only.
  if (resource.custom === true || generalRulesOnly.has(resource.group)) return [...causes, ...owners];
  finalizers.forEach((finalizer, index) => {
    if (finalizer.includes("/") || standardFinalizers.has(finalizer)) return;
    const problem = "name is neither a standard finalizer name nor is it fully qualified";
    causes.push(invalidValue(`metadata.finalizers[${index}]`, finalizer, problem));
  });
  return [...causes, ...owners];
}

function validateOwners(owners: readonly JSONObject[]): readonly Cause[] {
  const causes: Cause[] = [];
  const field = "metadata.ownerReferences";
  for (const owner of owners) {
    for (const key of ["apiVersion", "kind", "name", "uid"]) {
      if (stringAt(owner, key) === "") {
        causes.push(
          invalidValue(
            `${field}.${key}`,
            "",
            key === "apiVersion" ? "version must not be empty" : "must not be empty",
          ),
        );
      }
    }
  }
  const controllers = owners.filter((owner) => owner["controller"] === true);
  if (controllers.length > 1) {
    const [first, second] = controllers.map((owner) => `${stringAt(owner, "kind")}/${stringAt(owner, "name")}`);
    const problem = "Only one reference can have Controller set to true. " +
      `Found "true" in references for ${first} and ${second}`;
    causes.push(invalidValue(field, owners.map((owner) => ({ ...owner })), problem));
  }
  return causes;
}
