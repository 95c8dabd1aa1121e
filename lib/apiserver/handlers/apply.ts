import type { JSONObject, JSONValue } from "../../k8s/contract.ts";
import { isJsonObject } from "../../k8s/errors.ts";
import { compare, fieldsOf } from "../apply/compare.ts";
import { difference, emptySet, equalSets, type FieldSet, intersection, pathsOf, union } from "../apply/field_set.ts";
import { fieldsFromClientSideApply, updateLastApplied } from "../apply/last_applied.ts";
import {
  isSameOwner,
  type Owner,
  ownerBeforeApply,
  readOwners,
  withoutFields,
  writeOwners,
} from "../apply/managed_fields.ts";
import { typeMessage, typeProblems } from "../apply/typed.ts";
import { mergeApplied } from "../apply/merge.ts";
import { pruneApplied } from "../apply/prune.ts";
import { timestamp } from "../context.ts";
import { copyObject, deepEqual, objectAt, stringAt } from "../json.ts";
import { completeObject, UndecodableError } from "../request/decode.ts";
import { apiVersionOf } from "../resources/registry.ts";
import { schemaOf } from "../schema/resource_schema.ts";
import { type ServedResource, storageKey } from "../resources/served_resource.ts";
import { badRequest, invalid, invalidOptions, notFound, plainError, StatusError } from "../status.ts";
import { recordKey } from "../store/record.ts";
import { invalidValue } from "../validate/metadata.ts";
import { insert, setNamespace } from "./create.ts";
import { checkPlace, type Update, updateObject } from "./update.ts";

type Target = Omit<Update, "change" | "options" | "uidConflict">;

/** What an apply comes to. */
interface Applied {
  readonly code: number;
  readonly object: JSONObject;
}

/** Server-side apply (KEP-555) of what `read` reads: the object has the fields of the configuration, and those are the manager's. */
export async function applyObject(target: Target, read: () => JSONValue): Promise<Applied> {
  const { call, context, resource, namespace, name, subresource } = target;
  if ((call.query.get("fieldManager") ?? "") === "") {
    const message = "Required value: is required for apply patch";
    throw invalidOptions("PatchOptions", [{ reason: "FieldValueRequired", message, field: "fieldManager" }]);
  }
  const collection = context.store.collection(storageKey(resource));
  const exists = collection.get(recordKey(namespace ?? "", name)) !== undefined;
  if (!exists && subresource !== undefined) throw notFound(resource, name);
  const body = read();
  const configuration = readConfiguration(body, target);
  const applied = ownPart(configuration, target);
  if (!exists) {
    // Webhooks see the status too, which is not stored.
    const { status }: JSONObject = isJsonObject(body) ? body : {};
    return { code: 201, object: await create(target, applied, status) };
  }
  const object = await updateObject({
    ...target,
    uidConflict: false,
    change: (current) => ({ object: merge(current, configuration, applied, target), managed: true }),
  });
  return { code: 200, object };
}

/** The configuration. @throws StatusError 400 or 500 */
function readConfiguration(body: JSONValue, { resource }: Target): JSONObject {
  const { kind = "", apiVersion = "", metadata }: JSONObject = isJsonObject(body) ? body : {};
  if (!isJsonObject(body) || kind !== resource.kind || apiVersion !== apiVersionOf(resource)) {
    throw badRequest(`invalid object type: ${typeName(String(apiVersion), String(kind))}`);
  }
  if (isJsonObject(metadata) && metadata["managedFields"] !== undefined && metadata["managedFields"] !== null) {
    throw badRequest("metadata.managedFields must be nil");
  }
  // Unlike elsewhere, fields that the kind does not have are refused whatever fieldValidation says.
  const problems = typeProblems(body, schemaOf(resource));
  if (problems.length > 0) throw plainError(typeMessage(problems, placeOf(body)));
  return copyObject(body);
}

/** The configuration without what this path does not write, and so does not make anybody own. */
function ownPart(configuration: JSONObject, { resource, name, namespace, subresource }: Target): JSONObject {
  const applied = copyObject(configuration);
  if (resource.status !== true) return applied;
  if (subresource === undefined) delete applied["status"];
  else {
    for (const key of Object.keys(applied)) {
      if (!["apiVersion", "kind", "metadata", "status"].includes(key)) delete applied[key];
    }
    const { resourceVersion, uid } = objectAt(applied, "metadata");
    // Only namespaces take all of it along with their status.
    if (resource.kind !== "Namespace") applied["metadata"] = { name, namespace, resourceVersion, uid };
  }
  return applied;
}

function typeName(apiVersion: string, kind: string): string {
  return `${apiVersion.includes("/") ? apiVersion : `/${apiVersion}`}, Kind=${kind}`;
}

/** What the real server calls a configuration. */
function placeOf(body: JSONObject): string {
  const metadata = objectAt(body, "metadata");
  const type = typeName(stringAt(body, "apiVersion"), stringAt(body, "kind"));
  return `${stringAt(metadata, "namespace")}/${stringAt(metadata, "name")}; ${type}`;
}

async function create(target: Target, applied: JSONObject, status: JSONValue): Promise<JSONObject> {
  const { call, context, query, resource, name } = target;
  const uid = stringAt(objectAt(applied, "metadata"), "uid");
  if (uid !== "") throw invalid(resource, name, [invalidValue("metadata.uid", uid, "field is immutable")]);
  const object = complete(copyObject(applied), applied, resource);
  checkPlace(objectAt(object, "metadata"), target.namespace, name);
  setNamespace(object, resource, target.namespace);
  writeOwners(object, [ownerFor(target, fieldsOf(applied, "applied", schemaOf(resource)))]);
  updateLastApplied(object, applied, query.manager);
  // A version, named by a client that saw an older object of this name, means nothing for the new one.
  return await insert(context, call, resource, status === undefined ? object : { ...object, status }, query, true);
}

function ownerFor(target: Target, fields: FieldSet): Owner {
  const { query, context, resource } = target;
  const { manager } = query;
  const subresource = target.subresource ?? "";
  const time = timestamp(context.clock);
  return { manager, operation: "Apply", apiVersion: apiVersionOf(resource), subresource, time, fields };
}

/** The stored object with the configuration applied and managedFields brought up to date. @throws StatusError 409, 500 */
function merge(
  current: JSONObject,
  configuration: JSONObject,
  applied: JSONObject,
  target: Target,
): JSONObject {
  const { query, resource } = target;
  const schema = schemaOf(resource);
  const mine = ownerFor(target, fieldsOf(applied, "applied", schema));
  const writer = { manager: mine.manager, time: mine.time, subresource: mine.subresource };
  const known = readOwners(current);
  const owners = known.length === 0 ? [ownerBeforeApply(current, resource, mine.subresource, mine.time)] : known;
  const last = owners.find((owner) => isSameOwner(owner, writer, "Apply", mine.apiVersion));
  const others = owners.filter((owner) => owner !== last);
  const owned = [mine, ...others].map(({ fields }) => fields).reduce(union, emptySet);
  const merged = pruneApplied(
    mergeApplied(copyObject(current), applied, schema),
    last?.fields ?? emptySet,
    owned,
    schema,
  );
  // Before defaults are set: what somebody leaves to a default, he changes as little as what he does not name.
  const comparison = compare(current, merged, schema);
  if (!query.force) {
    refuseConflicts(others, difference(comparison.changed, fieldsFromClientSideApply(current, query.manager, schema)));
  }
  // What comes to nothing here is shown to webhooks of custom resources all the same.
  const shown = resource.custom === true ? mergeApplied(copyObject(merged), configuration, schema) : copyObject(merged);
  const normal = complete(shown, applied, resource);
  const changesNothing = isSame(current, normal);
  updateLastApplied(normal, configuration, query.manager);
  if (last !== undefined && equalSets(last.fields, mine.fields) && changesNothing) return normal;
  // Who claims what is there already is noted without a new time.
  const entry = changesNothing ? { ...mine, time: last?.time ?? "" } : mine;
  writeOwners(normal, [...withoutFields(others, comparison), entry]);
  return normal;
}

/** @throws StatusError 500 for values that the type does not take */
function complete(object: JSONObject, applied: JSONObject, resource: ServedResource): JSONObject {
  try {
    return completeObject(object, resource, { wording: "converter" });
  } catch (error) {
    if (!(error instanceof UndecodableError)) throw error;
    const type = typeName(apiVersionOf(resource), resource.kind);
    const why = `unable to convert unstructured object to ${type}: ${error.message}`;
    throw plainError(`failed to convert new object (${placeOf(applied)}) to proper version: ${why}`);
  }
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
