import type { JSONObject, JSONValue } from "../../k8s/contract.ts";
import type { AdmissionAttempt } from "../admission/admission.ts";
import { type Context, timestamp } from "../context.ts";
import { type Deletion, planDeletion } from "../deletion.ts";
import { arrayAt, objectAt } from "../json.ts";
import { parseAccept } from "../request/accept.ts";
import type { Answer, Call } from "../request/call.ts";
import { parseListQuery } from "../request/list_options.ts";
import { Selection } from "../request/selection.ts";
import { type DeleteQuery, parseDeleteQuery } from "../request/write_options.ts";
import { customResourceDefinitions, namespaces } from "../resources/builtin.ts";
import { markDefinition } from "../resources/definition_deletion.ts";
import { type ServedResource, storageKey } from "../resources/served_resource.ts";
import { conflict, notFound, preconditionFailed } from "../status.ts";
import { recordKey, type StoredObject } from "../store/record.ts";
import { itemProjection, listDocument, readShape, representObject } from "./projection.ts";

/** DELETE of one object. */
export async function deleteObject(
  context: Context,
  call: Call,
  resource: ServedResource,
  namespace: string | undefined,
  name: string,
): Promise<Answer> {
  const represent = representObject(resource, parseAccept(call.accept, resource));
  const query = parseDeleteQuery(call);
  const outcome = await remove(context, call, resource, recordKey(namespace ?? "", name), name, query);
  if (!outcome.gone || answersObject(resource)) return { type: "value", code: 200, value: represent(outcome.object) };
  const details = {
    name,
    ...(resource.group === "" ? {} : { group: resource.group }),
    kind: resource.plural,
    uid: outcome.uid,
  };
  const status = { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", details };
  return { type: "value", code: 200, value: status };
}

/** Some kinds show what was deleted, the others only say that it was. */
function answersObject({ group, kind }: ServedResource): boolean {
  return group === "" && ["Pod", "Service", "ServiceAccount"].includes(kind);
}

/** DELETE of a collection: of the objects that the selectors match. */
export async function deleteCollection(
  context: Context,
  call: Call,
  resource: ServedResource,
  namespace: string | undefined,
): Promise<Answer> {
  const listed = parseListQuery(call.query);
  const query = parseDeleteQuery(call);
  const projection = itemProjection(resource, parseAccept(call.accept, resource));
  const selection = new Selection(resource, namespace, listed.labelSelector, listed.fieldSelector);
  const collection = context.store.collection(storageKey(resource));
  const records = [...collection.range(selection.range)].filter((record) => selection.matches(record));
  const metadata = { resourceVersion: String(context.store.revision) };
  for (const record of records) {
    // Somebody else may have deleted it meanwhile, which is what was wanted.
    if (collection.get(record.key) === undefined) continue;
    await remove(context, call, resource, record.key, record.name, query, "");
  }
  return { type: "value", code: 200, value: listDocument(resource, projection, metadata, records) };
}

/** What became of an object. */
export interface Outcome {
  readonly uid: string;
  /** False: finalizers or a grace period keep it. */
  readonly gone: boolean;
  readonly object: JSONObject;
}

/** Deletes one object, or marks it as being deleted. */
async function remove(
  context: Context,
  call: Call,
  resource: ServedResource,
  key: string,
  name: string,
  query: DeleteQuery,
  /** What webhooks are told of its name: nothing when a whole collection goes. */
  shown = name,
): Promise<Outcome> {
  const collection = context.store.collection(storageKey(resource));
  while (true) {
    const record = collection.get(key);
    if (record === undefined) throw notFound(resource, name);
    checkPreconditions(resource, record, query);
    const old = readShape(record, resource);
    const attempt: AdmissionAttempt = {
      resource,
      subresource: undefined,
      operation: "DELETE",
      namespace: record.namespace,
      name: shown,
      object: undefined,
      old,
      options: query.document,
      dryRun: query.dryRun,
      user: call.user,
      signal: call.signal,
      warn: call.warn,
    };
    await context.admission.admit(attempt);
    await context.admission.validate(attempt);
    if (collection.get(key) !== record) continue;
    return removeRecord(context, resource, record, query);
  }
}

/** Deletes what is stored, or marks it as being deleted; everybody who has a say in it was asked. */
export function removeRecord(
  context: Context,
  resource: ServedResource,
  record: StoredObject,
  query: DeleteQuery,
): Outcome {
  const collection = context.store.collection(storageKey(resource));
  const old = readShape(record, resource);
  const { uid } = record;
  const deletion = plan(old, query, context, resource);
  switch (deletion.type) {
    case "pending":
      return { uid, gone: false, object: old };
    case "remove":
      if (!query.dryRun) context.store.remove(collection, record);
      return { uid, gone: true, object: old };
    case "mark": {
      const { object, thenRemove } = deletion;
      if (query.dryRun) return { uid, gone: thenRemove, object };
      const marked = context.store.put(collection, resource.shape?.write(object) ?? object, record);
      if (!thenRemove) return { uid, gone: false, object: readShape(marked, resource) };
      const { revision } = context.store.remove(collection, marked);
      objectAt(object, "metadata")["resourceVersion"] = String(revision);
      return { uid, gone: true, object };
    }
  }
}

/** @throws StatusError 409 */
export function checkPreconditions(resource: ServedResource, record: StoredObject, query: DeleteQuery): void {
  const { uid, resourceVersion } = query;
  if (uid !== undefined && uid !== record.uid) {
    // Namespaces are deleted by a handler of their own.
    if (resource === namespaces) {
      const what = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${record.uid}`;
      throw conflict(resource, record.name, what);
    }
    const why = `the UID in the precondition (${uid}) does not match the UID in record (${record.uid}). ` +
      "The object might have been deleted and then recreated";
    throw preconditionFailed(resource, record.name, why);
  }
  if (resourceVersion !== undefined && resourceVersion !== String(record.revision)) {
    if (resource === namespaces) {
      const what = `Precondition failed: ResourceVersion in precondition: ${resourceVersion}, ` +
        `ResourceVersion in object meta: ${record.revision}`;
      throw conflict(resource, record.name, what);
    }
    const why = `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in ` +
      `record (${record.revision}). The object might have been modified`;
    throw preconditionFailed(resource, record.name, why);
  }
}

function plan(object: JSONObject, query: DeleteQuery, context: Context, resource: ServedResource): Deletion {
  const metadata = objectAt(object, "metadata");
  if (resource === customResourceDefinitions && metadata["deletionTimestamp"] === undefined) {
    return { type: "mark", object: markDefinition(object, timestamp(context.clock)), thenRemove: false };
  }
  const deletion = planDeletion(object, {
    gracePeriodSeconds: query.gracePeriodSeconds,
    finalizers: finalizersFor(query.propagation, arrayAt(metadata, "finalizers"), context),
    held: resource === namespaces && arrayAt(objectAt(object, "spec"), "finalizers").length > 0,
    now: context.clock.now(),
  });
  if (resource !== namespaces || deletion.type !== "mark") return deletion;
  // Those of namespaces are emptied in their own time.
  delete objectAt(deletion.object, "metadata")["deletionGracePeriodSeconds"];
  const status = { ...objectAt(object, "status"), phase: "Terminating" };
  return { ...deletion, object: { ...deletion.object, status } };
}

/** Finalizers of the garbage collector's own keep an owner until its dependents were seen to. */
function finalizersFor(
  propagation: DeleteQuery["propagation"],
  finalizers: readonly JSONValue[],
  { collectsGarbage }: Context,
): readonly JSONValue[] {
  // Nobody would take them away again.
  if (propagation === undefined || !collectsGarbage) return finalizers;
  const others = finalizers.filter((finalizer) => finalizer !== "orphan" && finalizer !== "foregroundDeletion");
  if (propagation === "Background") return others;
  return [...others, propagation === "Orphan" ? "orphan" : "foregroundDeletion"];
}
