import type { JSONObject } from "../../k8s/contract.ts";
import { deepEqual, objectAt, objectsAt, stringAt } from "../json.ts";
import { apiVersionOf } from "../resources/registry.ts";
import type { ServedResource } from "../resources/served_resource.ts";
import { zeroStruct } from "../schema/decode.ts";
import { schemaOf } from "../schema/resource_schema.ts";
import { customTypeProblems } from "../validate/custom_type.ts";
import { compare, type Comparison } from "./compare.ts";
import {
  difference,
  emptySet,
  equalSets,
  type FieldSet,
  formatFieldSet,
  isEmptySet,
  parseFieldSet,
  union,
} from "./field_set.ts";
import { typeProblems } from "./typed.ts";

/** Who wrote, and when. */
export interface Writer {
  readonly manager: string;
  /** RFC 3339. */
  readonly time: string;
  readonly subresource?: string;
}

/** One entry of managedFields. */
export interface Owner {
  readonly manager: string;
  readonly operation: "Apply" | "Update";
  readonly apiVersion: string;
  readonly subresource: string;
  /** "": none is known. */
  readonly time: string;
  readonly fields: FieldSet;
}

/** Reads managedFields. */
export function readOwners(object: JSONObject | undefined): readonly Owner[] {
  if (object === undefined) return [];
  const owners = objectsAt(objectAt(object, "metadata"), "managedFields").map((entry): Owner => ({
    manager: stringAt(entry, "manager"),
    operation: entry["operation"] === "Apply" ? "Apply" : "Update",
    apiVersion: stringAt(entry, "apiVersion"),
    subresource: stringAt(entry, "subresource"),
    time: stringAt(entry, "time"),
    fields: parseFieldSet(objectAt(entry, "fieldsV1")),
  }));
  // To the real server the last of two entries of an owner is all that he owns.
  return [...new Map(owners.map((owner) => [identity(owner), owner])).values()];
}

function identity({ manager, operation, apiVersion, subresource }: Owner): string {
  return JSON.stringify([manager, operation, operation === "Apply" ? "" : apiVersion, subresource]);
}

/** Writes managedFields: applied entries first, then by time. */
export function writeOwners(object: JSONObject, owners: readonly Owner[]): void {
  const metadata = objectAt(object, "metadata");
  const kept = owners.filter(({ fields }) => !isEmptySet(fields)).toSorted((left, right) =>
    order(left.operation, right.operation) || order(left.time, right.time) || order(left.manager, right.manager) ||
    order(left.subresource, right.subresource)
  );
  if (kept.length === 0) delete metadata["managedFields"];
  else metadata["managedFields"] = kept.map(formatOwner);
}

function order(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

function formatOwner({ manager, operation, apiVersion, time, fields, subresource }: Owner): JSONObject {
  return {
    manager,
    operation,
    apiVersion,
    ...(time === "" ? {} : { time }),
    fieldsType: "FieldsV1",
    fieldsV1: formatFieldSet(fields),
    ...(subresource === "" ? {} : { subresource }),
  };
}

/** Is this the entry that a write by `writer` changes? */
export function isSameOwner(owner: Owner, writer: Writer, operation: Owner["operation"], apiVersion: string): boolean {
  return owner.manager === writer.manager && owner.operation === operation && owner.apiVersion === apiVersion &&
    owner.subresource === (writer.subresource ?? "");
}

/** The owners other than the writer, without the fields that the write took from them. */
export function withoutFields(owners: readonly Owner[], { changed, removed }: Comparison): readonly Owner[] {
  return owners.map((owner) => ({ ...owner, fields: difference(difference(owner.fields, changed), removed) }));
}

/** May ownership be noted? Not in a custom resource of another type, or that holds what its schema has no place for. */
export function isTrackable(object: JSONObject, resource: ServedResource): boolean {
  if (customTypeProblems(object, resource).length > 0) return false;
  return resource.custom !== true || typeProblems(object, schemaOf(resource), "", true).length === 0;
}

/**
 * Notes in managedFields what a create, replace or patch changed: the writer owns it from now on, nobody else does.
 * An object that has no owners gets none, until somebody applies it.
 * @param old the stored object; undefined on create.
 */
export function trackUpdate(
  old: JSONObject | undefined,
  object: JSONObject,
  resource: ServedResource,
  writer: Writer,
): void {
  const before = readOwners(object);
  if (old !== undefined && before.length === 0) {
    delete objectAt(object, "metadata")["managedFields"];
    return;
  }
  const apiVersion = apiVersionOf(resource);
  const schema = schemaOf(resource);
  // What Go writes of an empty object is always there, and nobody brings it along.
  const from = old ?? zeroStruct(schema);
  // Whoever brings a status along does not own it: it has a path of its own.
  const isMain = resource.status === true && old === undefined;
  const comparison = compare(from, isMain ? { ...object, status: from["status"] } : object, schema);
  if (old !== undefined && isEmptySet(comparison.changed) && isEmptySet(comparison.removed)) {
    return writeOwnersAgain(old, object, before);
  }
  const mine = before.find((owner) => isSameOwner(owner, writer, "Update", apiVersion));
  const fields = union(difference(mine?.fields ?? emptySet, comparison.removed), comparison.changed);
  const others = withoutFields(before.filter((owner) => owner !== mine), comparison);
  const time = mine !== undefined && equalSets(mine.fields, fields) && isEmptySet(comparison.changed)
    ? mine.time
    : writer.time;
  const subresource = writer.subresource ?? "";
  const { manager } = writer;
  writeOwners(object, [...others, { manager, operation: "Update", apiVersion, subresource, time, fields }]);
}

/**
 * Who owns what is in an object that has no owners when somebody applies it for the first time: what the path of
 * `subresource` ("" for the main one) writes.
 */
export function ownerBeforeApply(
  object: JSONObject,
  resource: ServedResource,
  subresource: string,
  time: string,
): Owner {
  const schema = schemaOf(resource);
  const zero = zeroStruct(schema);
  const own = { ...object };
  const left = subresource === "" ? ["status"] : resource.custom === true ? ["metadata", "spec"] : ["spec"];
  for (const field of resource.status === true ? left : []) {
    if (zero[field] === undefined) delete own[field];
    else own[field] = zero[field];
  }
  const fields = compare(zero, own, schema).changed;
  const apiVersion = apiVersionOf(resource);
  return { manager: "before-first-apply", operation: "Update", apiVersion, subresource, time, fields };
}

/** Nothing changed: neither do the entries, unless the client sent others. */
function writeOwnersAgain(old: JSONObject, object: JSONObject, owners: readonly Owner[]): void {
  const known = objectAt(old, "metadata")["managedFields"];
  const metadata = objectAt(object, "metadata");
  if (!deepEqual(known, metadata["managedFields"])) writeOwners(object, owners);
}
