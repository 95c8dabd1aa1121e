import type { JSONObject, JSONValue } from "../../k8s/contract.ts";
import { isJsonObject } from "../../k8s/errors.ts";
import { compare, fieldsOf } from "../apply/compare.ts";
import { emptySet, equalSets, type FieldSet, intersection, pathsOf } from "../apply/field_set.ts";
import { isSameOwner, type Owner, readOwners, withoutFields, writeOwners } from "../apply/managed_fields.ts";
import { typeMessage, typeProblems } from "../apply/typed.ts";
import { mergeApplied, prune } from "../apply/merge.ts";
import { timestamp } from "../context.ts";
import { copyObject, deepEqual, objectAt, stringAt } from "../json.ts";
import { completeObject } from "../request/decode.ts";
import { apiVersionOf } from "../resources/registry.ts";
import { schemaOf } from "../schema/resource_schema.ts";
import { storageKey } from "../resources/served_resource.ts";
import { badRequest, invalid, invalidOptions, notFound, plainError, StatusError } from "../status.ts";
import { recordKey } from "../store/record.ts";
import { invalidValue } from "../validate/metadata.ts";
import { insert, setNamespace } from "./create.ts";
import { type Update, updateObject } from "./update.ts";

type Target = Omit<Update, "change" | "options" | "uidConflict">;

/** What an apply comes to. */
interface Applied {
  readonly code: number;
  readonly object: JSONObject;
}

/** Server-side apply (KEP-555): the object has the fields of the configuration, and those are the manager's. */
export async function applyObject(target: Target, body: JSONValue): Promise<Applied> {
  const { call, context, resource, namespace, name, subresource } = target;
  if ((call.query.get("fieldManager") ?? "") === "") {
    const message = "Required value: is required for apply patch";
    throw invalidOptions("PatchOptions", [{ reason: "FieldValueRequired", message, field: "fieldManager" }]);
  }
  const collection = context.store.collection(storageKey(resource));
  const exists = collection.get(recordKey(namespace ?? "", name)) !== undefined;
  if (!exists && subresource !== undefined) throw notFound(resource, name);
  const applied = readConfiguration(body, target);
  if (!exists) {
    // Webhooks see the status too, which is not stored.
    const { status }: JSONObject = isJsonObject(body) ? body : {};
    return { code: 201, object: await create(target, applied, status) };
  }
  const object = await updateObject({
    ...target,
    uidConflict: false,
    change: (current) => ({ object: completeObject(merge(current, applied, target), resource), managed: true }),
  });
  return { code: 200, object };
}

/** The configuration, without what this path does not write. @throws StatusError 400 */
function readConfiguration(body: JSONValue, { resource, namespace, name, subresource }: Target): JSONObject {
  const { kind = "", apiVersion = "", metadata }: JSONObject = isJsonObject(body) ? body : {};
  if (!isJsonObject(body) || kind !== resource.kind || apiVersion !== apiVersionOf(resource)) {
    throw badRequest(`invalid object type: ${apiVersion === "" ? "/" : apiVersion}, Kind=${kind}`);
  }
  if (isJsonObject(metadata) && metadata["managedFields"] !== undefined && metadata["managedFields"] !== null) {
    throw badRequest("metadata.managedFields must be nil");
  }
  // Unlike elsewhere, fields that the kind does not have are refused whatever fieldValidation says.
  const problems = typeProblems(body, schemaOf(resource));
  if (problems.length > 0) {
    const place = `${stringAt(objectAt(body, "metadata"), "namespace")}/${
      stringAt(objectAt(body, "metadata"), "name")
    }`;
    throw plainError(typeMessage(body, problems, place, resource.kind));
  }
  const applied = copyObject(body);
  const meta = objectAt(applied, "metadata");
  const given = stringAt(meta, "name");
  if (given === "") {
    throw badRequest(`the name of the object (${name} based on URL) was undeterminable: name must be provided`);
  }
  if (given !== name) {
    throw badRequest(`the name of the object (${given}) does not match the name on the URL (${name})`);
  }
  const { selfLink: _, ...known } = meta;
  applied["metadata"] = known;
  if (resource.namespaced) setNamespace(applied, resource, namespace);
  if (resource.status !== true) return applied;
  if (subresource === undefined) delete applied["status"];
  else {
    for (const key of Object.keys(applied)) {
      if (!["apiVersion", "kind", "metadata", "status"].includes(key)) delete applied[key];
    }
    const { resourceVersion, uid } = meta;
    // Only namespaces take all of it along with their status.
    if (resource.kind !== "Namespace") applied["metadata"] = { name, namespace, resourceVersion, uid };
  }
  return applied;
}

async function create(target: Target, applied: JSONObject, status: JSONValue): Promise<JSONObject> {
  const { call, context, query, resource, name } = target;
  const uid = stringAt(objectAt(applied, "metadata"), "uid");
  if (uid !== "") throw invalid(resource, name, [invalidValue("metadata.uid", uid, "field is immutable")]);
  const object = completeObject(copyObject(applied), resource);
  // Named by a client that saw an older object of this name: it means nothing for the new one.
  delete objectAt(object, "metadata")["resourceVersion"];
  writeOwners(object, [ownerFor(target, fieldsOf(applied, "applied", schemaOf(resource)))]);
  return await insert(context, call, resource, status === undefined ? object : { ...object, status }, query);
}

function ownerFor(target: Target, fields: FieldSet): Owner {
  const { query, context, resource } = target;
  const { manager } = query;
  const subresource = target.subresource ?? "";
  const time = timestamp(context.clock);
  return { manager, operation: "Apply", apiVersion: apiVersionOf(resource), subresource, time, fields };
}

/** The stored object with the configuration applied and managedFields brought up to date. @throws StatusError 409 */
function merge(current: JSONObject, applied: JSONObject, target: Target): JSONObject {
  const { query, resource } = target;
  const owners = readOwners(current);
  const mine = ownerFor(target, fieldsOf(applied, "applied", schemaOf(resource)));
  const writer = { manager: mine.manager, time: mine.time, subresource: mine.subresource };
  const last = owners.find((owner) => isSameOwner(owner, writer, "Apply", mine.apiVersion));
  const others = owners.filter((owner) => owner !== last);
  const schema = schemaOf(resource);
  const merged = mergeApplied(copyObject(current), applied, schema);
  prune(
    merged,
    last?.fields ?? emptySet,
    mine.fields,
    others.filter(({ operation }) => operation === "Apply").map(({ fields }) => fields),
    schema,
  );
  const normal = completeObject(copyObject(merged), resource);
  // Before defaults are set: what somebody leaves to a default, he changes as little as what he does not name.
  const comparison = compare(current, merged, schema);
  if (!query.force) refuseConflicts(others, comparison.changed);
  if (last !== undefined && equalSets(last.fields, mine.fields) && isSame(current, normal)) return merged;
  writeOwners(normal, [...withoutFields(others, comparison), mine]);
  return normal;
}

function isSame(current: JSONObject, next: JSONObject): boolean {
  return deepEqual({ ...current, metadata: { ...objectAt(current, "metadata") } }, next);
}

/** @throws StatusError 409 when others own fields that change. */
function refuseConflicts(others: readonly Owner[], changed: FieldSet): void {
  const conflicts = others
    .map((owner) => ({ owner, paths: pathsOf(intersection(owner.fields, changed)) }))
    .filter(({ paths }) => paths.length > 0)
    .toSorted((left, right) => left.owner.manager < right.owner.manager ? -1 : 1);
  if (conflicts.length === 0) return;
  const causes = conflicts.flatMap(({ owner, paths }) =>
    paths.map((field) => ({ reason: "FieldManagerConflict", message: `conflict with ${show(owner)}`, field }))
  );
  const [only] = causes;
  const message = causes.length === 1 && only !== undefined
    ? `Apply failed with 1 conflict: ${only.message}: ${only.field}`
    : `Apply failed with ${causes.length} conflicts: ` +
      conflicts.map(({ owner, paths }) =>
        `conflicts with ${show(owner)}:\n${paths.map((path) => `- ${path}`).join("\n")}`
      ).join("\n");
  throw new StatusError(409, "Conflict", message, { causes });
}

function show({ manager, operation, apiVersion, subresource }: Owner): string {
  const part = subresource === "" ? "" : ` with subresource ${JSON.stringify(subresource)}`;
  return `${JSON.stringify(manager)}${part}${operation === "Update" ? ` using ${apiVersion}` : ""}`;
}
