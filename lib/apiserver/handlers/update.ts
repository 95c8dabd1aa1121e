import type { JSONObject } from "../../k8s/contract.ts";
import type { AdmissionAttempt } from "../admission/admission.ts";
import { type Context, timestamp } from "../context.ts";
import { arrayAt, copyObject, deepEqual, objectAt, stringAt } from "../json.ts";
import { isTrackable, trackUpdate } from "../apply/managed_fields.ts";
import type { Call } from "../request/call.ts";
import { normalizeObject } from "../request/decode.ts";
import type { WriteQuery } from "../request/write_options.ts";
import { customResourceDefinitions, namespaces } from "../resources/builtin.ts";
import { acceptCustomResourceDefinition } from "../resources/custom_resource_definition.ts";
import { type ServedResource, storageKey } from "../resources/served_resource.ts";
import { badRequest, conflict, invalid, notFound } from "../status.ts";
import { recordKey, recordOf } from "../store/record.ts";
import { foreignProblems, requireVersion, typeNamed } from "../validate/custom_type.ts";
import { invalidValue, validateMetadataChange, warnOfFinalizers } from "../validate/metadata.ts";
import { validateObject } from "../validate/object.ts";
import { dropEmptyWebhooks } from "../resources/empty_webhooks.ts";
import { readShape } from "./projection.ts";
import { uidConflict } from "./uid_conflict.ts";
import { checkVersion } from "./versions.ts";

/** One change of an existing object. */
export interface Update {
  readonly context: Context;
  readonly call: Call;
  readonly resource: ServedResource;
  readonly namespace: string | undefined;
  readonly name: string;
  readonly subresource: "status" | undefined;
  readonly query: WriteQuery;
  /**
   * Makes the new object from the stored one, both in the shape of the resource. May change the object it gets; is
   * called again when the object changed while webhooks were asked. Returns the managedFields too when it sets them.
   */
  readonly change: (current: JSONObject) => { readonly object: JSONObject; readonly managed: boolean };
  /** A PUT checks another uid as a precondition, a patch as an invalid change. */
  readonly uidConflict: boolean;
}

/** Changes an object with the optimistic lock; what does not change is not written. Returns the new object. */
export async function updateObject(update: Update): Promise<JSONObject> {
  const { context, resource, name } = update;
  const collection = context.store.collection(storageKey(resource));
  const key = recordKey(update.namespace ?? "", name);
  while (true) {
    const record = collection.get(key);
    if (record === undefined) throw notFound(resource, name);
    const old = readShape(record, resource);
    const object = prepare(update, old);
    const attempt = attemptOf(update, object, old);
    const admission = context.admission.admit(attempt);
    const admitted = admission instanceof Promise ? await admission : admission;
    // Somebody was faster while webhooks were asked: again, from what is stored now.
    if (collection.get(key) !== record) continue;
    const changed = admitted ?? object;
    checkLock(update, objectAt(changed, "metadata"), old);
    const next = finish(update, complete(update, changed, old), old);
    const validation = context.admission.validate({ ...attempt, object: next });
    if (validation instanceof Promise) await validation;
    if (collection.get(key) !== record) continue;
    // Also where nothing changes: an object that has nothing to wait for does not outlive a write.
    const finished = isFinished(next) && !update.query.dryRun;
    // It is never stored, but webhooks and who asks for a dry run see what was sent.
    if (!update.query.dryRun) delete objectAt(next, "metadata")["selfLink"];
    if (!finished && deepEqual(next, old)) return old;
    const stored = resource.shape?.write(next) ?? next;
    if (update.query.dryRun) return readShape(recordOf(stored, record.revision), resource);
    if (finished) {
      context.store.remove(collection, record);
      return next;
    }
    const written = context.store.put(collection, stored, record);
    // Only what is stored in another shape has to be read again.
    return resource.shape === undefined ? stored : readShape(written, resource);
  }
}

/** The new object as it is shown to webhooks: as it was sent, with its owners. */
function prepare(update: Update, old: JSONObject): JSONObject {
  const { resource, name, namespace, subresource } = update;
  const { object, managed } = update.change(copyObject(old));
  const metadata = objectAt(object, "metadata");
  checkPlace(metadata, namespace, name);
  if (update.uidConflict) checkUid(update, metadata, old);
  if (resource.namespaced) metadata["namespace"] = namespace;
  else delete metadata["namespace"];
  if (managed) return object;
  if (!isTrackable(object, resource)) {
    delete metadata["managedFields"];
    return object;
  }
  // A client may say who owns what, or with an empty list that nobody owns anything; but not by way of a subresource.
  if (subresource !== undefined || metadata["managedFields"] === undefined) {
    metadata["managedFields"] = objectAt(old, "metadata")["managedFields"];
  }
  const owned = complete(update, copyObject(object), old);
  dropEmptyWebhooks(owned);
  if (metadata["deletionTimestamp"] === undefined) delete objectAt(owned, "metadata")["deletionTimestamp"];
  // It stays as it is, but who names another one owns it.
  else objectAt(owned, "metadata")["deletionTimestamp"] = metadata["deletionTimestamp"];
  // Finalizers in the spec of a namespace stay although somebody drops them, but are not his any more.
  if (resource === namespaces && subresource === undefined) owned["spec"] = { ...objectAt(object, "spec") };
  const writer = { manager: update.query.manager, time: timestamp(update.context.clock) };
  trackUpdate(old, owned, resource, subresource === undefined ? writer : { ...writer, subresource });
  const { managedFields } = objectAt(owned, "metadata");
  metadata["managedFields"] = managedFields;
  return object;
}

/** @throws StatusError 409 */
function checkUid({ resource, namespace, name, query }: Update, metadata: JSONObject, old: JSONObject): void {
  const uid = stringAt(metadata, "uid");
  const known = stringAt(objectAt(old, "metadata"), "uid");
  if (uid === "" || uid === known) return;
  throw uidConflict(resource, namespace, name, uid, known, query.dryRun);
}

/** Checks the lock. Webhooks were asked by then, as by the real server. @throws StatusError */
export function checkLock(
  { resource, name }: Pick<Update, "resource" | "name">,
  metadata: JSONObject,
  old: JSONObject,
): void {
  const before = objectAt(old, "metadata");
  const version = stringAt(metadata, "resourceVersion");
  checkVersion(version);
  if (version !== "" && version !== "0" && version !== before["resourceVersion"]) throw conflict(resource, name);
  if ((version === "" || version === "0") && (resource.custom === true || resource.unconditionalUpdate === false)) {
    const cause = invalidValue("metadata.resourceVersion", 0, "must be specified for an update");
    // The real server names the resource here, not the kind.
    throw invalid({ ...resource, kind: resource.plural }, name, [cause]);
  }
}

/** The object with what clients may not change taken from the old one. */
function complete({ resource, subresource }: Update, object: JSONObject, old: JSONObject): JSONObject {
  const metadata = objectAt(object, "metadata");
  const before = objectAt(old, "metadata");
  for (const field of ["uid", "deletionTimestamp", "deletionGracePeriodSeconds"]) metadata[field] ??= before[field];
  // Clients' ideas of these are passed over in silence.
  metadata["creationTimestamp"] = before["creationTimestamp"];
  if (before["deletionTimestamp"] !== undefined) metadata["deletionTimestamp"] = before["deletionTimestamp"];
  for (const field of ["resourceVersion", "generation"]) {
    if (before[field] === undefined) delete metadata[field];
    else metadata[field] = before[field];
  }
  if (resource === namespaces && subresource === undefined) {
    const { finalizers } = objectAt(old, "spec");
    object["spec"] = { ...objectAt(object, "spec"), finalizers };
  }
  return subresource === "status" ? withStatus(old, object, resource) : withoutStatus(old, object, resource);
}

/** @throws StatusError 400 when the object names another place than the path. */
export function checkPlace(metadata: JSONObject, namespace: string | undefined, name: string): void {
  const given = stringAt(metadata, "name");
  if (given === "") {
    throw badRequest(`the name of the object (${name} based on URL) was undeterminable: name must be provided`);
  }
  if (given !== name) {
    throw badRequest(`the name of the object (${given}) does not match the name on the URL (${name})`);
  }
  const place = stringAt(metadata, "namespace");
  if (namespace !== undefined && place !== "" && place !== namespace) {
    throw badRequest("the namespace of the provided object does not match the namespace sent on the request");
  }
}

/** A write to the main path leaves the status alone. */
function withoutStatus(old: JSONObject, object: JSONObject, resource: ServedResource): JSONObject {
  if (resource.status !== true) return object;
  const { status: _, ...rest } = object;
  return old["status"] === undefined ? rest : { ...rest, status: old["status"] };
}

/** A write to the status leaves the rest alone; kinds of the server's own also take new annotations and the like. */
function withStatus(old: JSONObject, object: JSONObject, resource: ServedResource): JSONObject {
  const { status: _, ...rest } = old;
  const { status } = object;
  const before = objectAt(old, "metadata");
  const after = objectAt(object, "metadata");
  const own = { managedFields: after["managedFields"] };
  if (resource === namespaces) {
    return { ...rest, metadata: after, status: { phase: "Active", ...objectAt(object, "status") } };
  }
  const metadata: JSONObject = resource.custom === true
    ? { ...before, ...own }
    : { ...after, labels: before["labels"], ownerReferences: before["ownerReferences"] };
  return { ...rest, metadata, ...(status === undefined ? {} : { status }) };
}

function attemptOf(update: Update, object: JSONObject, old: JSONObject): AdmissionAttempt {
  const { call, namespace = "", name, query, resource, subresource } = update;
  const { force: _, ...given } = query.given;
  return {
    resource,
    subresource,
    operation: "UPDATE",
    namespace,
    name,
    object,
    old,
    options: { kind: "UpdateOptions", apiVersion: "meta.k8s.io/v1", ...given },
    dryRun: query.dryRun,
    user: call.user,
    signal: call.signal,
    warn: call.warn,
  };
}

function finish(update: Update, object: JSONObject, old: JSONObject): JSONObject {
  const { resource, name, subresource } = update;
  requireVersion(object, resource);
  normalizeObject(object, resource);
  resource.keep?.(object, old);
  const metadata = objectAt(object, "metadata");
  const before = objectAt(old, "metadata");
  for (const key of Object.keys(metadata)) if (metadata[key] === undefined) delete metadata[key];
  const causes = [...validateMetadataChange(metadata, before, resource)];
  const wrongType = foreignProblems(object, old, resource);
  causes.push(...wrongType.length > 0 ? wrongType : validateObject(object, old, resource, subresource, causes));
  if (causes.length > 0) throw invalid(typeNamed(object, resource), name, causes);
  if (subresource === undefined) warnOfFinalizers(metadata, before, resource, update.call);
  if (typeof before["generation"] === "number" && isNewGeneration(object, old, resource)) {
    metadata["generation"] = before["generation"] + 1;
  }
  dropEmptyWebhooks(object);
  if (resource === customResourceDefinitions && !deepEqual(object["spec"], old["spec"])) {
    acceptCustomResourceDefinition(object, timestamp(update.context.clock));
  }
  return object;
}

/** Does a change count up `metadata.generation`? */
export function isNewGeneration(object: JSONObject, old: JSONObject, { generation }: ServedResource): boolean {
  if (generation === undefined) return false;
  if (typeof generation !== "string") return generation.some((field) => !deepEqual(object[field], old[field]));
  const ignored = generation === "all" ? ["metadata"] : ["metadata", "status"];
  const fields = new Set([...Object.keys(object), ...Object.keys(old)]);
  return [...fields].some((field) => !ignored.includes(field) && !deepEqual(object[field], old[field]));
}

/** Is the object being deleted, and was the last finalizer taken away? */
function isFinished(object: JSONObject): boolean {
  const metadata = objectAt(object, "metadata");
  const grace = metadata["deletionGracePeriodSeconds"] ?? 0;
  // Namespaces have finalizers of a second kind: something of theirs is left.
  const holding = object["kind"] === "Namespace" ? arrayAt(objectAt(object, "spec"), "finalizers") : [];
  return metadata["deletionTimestamp"] !== undefined && arrayAt(metadata, "finalizers").length === 0 &&
    holding.length === 0 && grace === 0;
}
