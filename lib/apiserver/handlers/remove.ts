import type { JSONObject, JSONValue } from "../../k8s/contract.ts";
import { type Context, timestamp } from "../context.ts";
import { arrayAt, deepEqual, objectAt, stringAt } from "../json.ts";
import { parseAccept } from "../request/accept.ts";
import type { Answer, Call } from "../request/call.ts";
import { parseListQuery } from "../request/list_options.ts";
import { Selection } from "../request/selection.ts";
import { type DeleteQuery, parseDeleteQuery } from "../request/write_options.ts";
import { namespaces } from "../resources/builtin.ts";
import { type ServedResource, storageKey } from "../resources/served_resource.ts";
import { notFound, preconditionFailed } from "../status.ts";
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

interface Outcome {
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
    await context.admission.admit({
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
    });
    if (collection.get(key) !== record) continue;
    const { uid } = record;
    const object = mark(old, query, context, resource);
    if (object === undefined) {
      if (query.dryRun) return { uid, gone: true, object: old };
      context.store.remove(collection, record);
      return { uid, gone: true, object: old };
    }
    if (object === old || query.dryRun) return { uid, gone: false, object };
    const stored = resource.shape?.write(object) ?? object;
    return { uid, gone: false, object: readShape(context.store.put(collection, stored, record), resource) };
  }
}

function checkPreconditions(resource: ServedResource, record: StoredObject, query: DeleteQuery): void {
  const { uid, resourceVersion } = query;
  if (uid !== undefined && uid !== record.uid) {
    const why = `the UID in the precondition (${uid}) does not match the UID in record (${record.uid}). ` +
      "The object might have been deleted and then recreated";
    throw preconditionFailed(resource, record.name, why);
  }
  if (resourceVersion !== undefined && resourceVersion !== String(record.revision)) {
    const why = `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in ` +
      `record (${record.revision}). The object might have been modified`;
    throw preconditionFailed(resource, record.name, why);
  }
}

/** The object marked as being deleted; itself when it is already; undefined when nothing keeps it. */
function mark(
  object: JSONObject,
  query: DeleteQuery,
  context: Context,
  resource: ServedResource,
): JSONObject | undefined {
  const metadata = objectAt(object, "metadata");
  const grace = graceOf(object, query);
  const finalizers = finalizersFor(query.propagation, arrayAt(metadata, "finalizers"), context);
  const kept = finalizers.length > 0 || grace > 0 ||
    (resource === namespaces && arrayAt(objectAt(object, "spec"), "finalizers").length > 0);
  if (!kept) return undefined;
  const before = metadata["deletionGracePeriodSeconds"];
  const changed = finalizers.length === 0 ? {} : { finalizers: [...finalizers] };
  if (metadata["deletionTimestamp"] !== undefined) {
    const next = typeof before !== "number" || grace >= before ? before : grace;
    if (next === before && deepEqual(changed.finalizers, metadata["finalizers"])) return object;
    return { ...object, metadata: { ...metadata, ...changed, deletionGracePeriodSeconds: next } };
  }
  const generation = metadata["generation"];
  const marked: JSONObject = {
    ...metadata,
    ...changed,
    deletionTimestamp: timestamp(context.clock, grace * 1_000),
    deletionGracePeriodSeconds: grace,
    ...(typeof generation === "number" ? { generation: generation + 1 } : {}),
  };
  if (resource !== namespaces) return { ...object, metadata: marked };
  delete marked["deletionGracePeriodSeconds"];
  return { ...object, metadata: marked, status: { ...objectAt(object, "status"), phase: "Terminating" } };
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

/** Seconds that a pod on a node gets to end; nothing else has a grace period. */
function graceOf(object: JSONObject, query: DeleteQuery): number {
  const spec = objectAt(object, "spec");
  if (object["kind"] !== "Pod" || object["apiVersion"] !== "v1" || stringAt(spec, "nodeName") === "") return 0;
  const phase = stringAt(objectAt(object, "status"), "phase");
  if (phase === "Succeeded" || phase === "Failed") return 0;
  const own = spec["terminationGracePeriodSeconds"];
  return query.gracePeriodSeconds ?? (typeof own === "number" ? own : 30);
}
