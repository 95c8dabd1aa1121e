import type { AdmissionAttempt } from "../admission/admission.ts";
import type { JSONObject } from "../../k8s/contract.ts";
import { type ScaleWrite, trackScaleApply, trackScaleUpdate } from "../apply/scale_owners.ts";
import type { Context } from "../context.ts";
import { copyObject, deepEqual, objectAt, stringAt } from "../json.ts";
import type { Answer, Call } from "../request/call.ts";
import { decodeObject } from "../request/decode.ts";
import { parseWriteQuery, type WriteQuery } from "../request/write_options.ts";
import { isUnset, replicasOf, requireReplicas, scaleFields, scaleOf, unset, withReplicas } from "../resources/scale.ts";
import { type ServedResource, storageKey } from "../resources/served_resource.ts";
import { scales } from "../resources/subresources.ts";
import {
  badRequest,
  conflict,
  invalid,
  methodNotAllowed,
  methodNotSupported,
  notFound,
  plainError,
  StatusError,
} from "../status.ts";
import { recordKey, recordOf, type StoredObject } from "../store/record.ts";
import { invalidValue } from "../validate/metadata.ts";
import { validateObject } from "../validate/object.ts";
import { readAppliedReplicas, requireManager } from "./apply_scale.ts";
import { decodePatched, parsePatch } from "./patch.ts";
import { readShape } from "./projection.ts";
import { uidConflict } from "./uid_conflict.ts";
import { checkLock as checkVersionOf, checkPlace, isNewGeneration } from "./update.ts";

/** A request for the scale of an object. */
interface Scaling {
  readonly context: Context;
  readonly call: Call;
  readonly resource: ServedResource;
  readonly namespace: string | undefined;
  readonly name: string;
}

/** A write of the scale, which makes the new one from the stored one. */
interface Change {
  readonly query: WriteQuery;
  readonly make: (current: JSONObject) => JSONObject;
  /** The uid in a PUT, which is a precondition. */
  readonly uid?: string;
  /** Server-side apply: the number of replicas in the configuration, if it names one. */
  readonly applied?: { readonly replicas: number | undefined };
}

/** GET, PUT or PATCH of the scale subresource: how often something runs, and is to run. */
export async function scaleObject(
  context: Context,
  call: Call,
  resource: ServedResource,
  namespace: string | undefined,
  name: string,
): Promise<Answer> {
  const scaling: Scaling = { context, call, resource, namespace, name };
  switch (call.method) {
    case "GET": {
      const object = readShape(find(scaling), resource);
      requireReplicas(object, resource);
      return { type: "value", code: 200, value: scaleOf(object, resource) };
    }
    case "PUT":
    case "PATCH":
      return { type: "value", code: 200, value: await write(scaling, changeOf(scaling)) };
    default:
      if (resource.custom !== true) throw methodNotAllowed();
      throw methodNotSupported(resource, call.method === "POST" ? "create" : "delete");
  }
}

function find({ context, resource, namespace = "", name }: Scaling): StoredObject {
  const record = context.store.collection(storageKey(resource)).get(recordKey(namespace, name));
  if (record === undefined) throw notFound(resource, name);
  return record;
}

function changeOf(scaling: Scaling): Change {
  const { call, resource, namespace, name } = scaling;
  const query = parseWriteQuery(call, call.method === "PUT" ? "UpdateOptions" : "PatchOptions");
  if (call.method === "PUT") {
    const object = readScale(scaling);
    checkPlace(objectAt(object, "metadata"), namespace, name);
    return { query, make: () => copyObject(object), uid: stringAt(objectAt(object, "metadata"), "uid") };
  }
  if (/^application\/apply-patch\+(yaml|json)$/.test(call.contentType)) {
    requireManager(call);
    if (resource.custom === true) {
      // It cannot convert them, and says so.
      throw plainError(
        "failed to create manager for existing fields: failed to convert live object (/; autoscaling/v1, " +
          "Kind=Scale) to proper version: request to convert CR to an invalid group/version: autoscaling/v1",
      );
    }
    const replicas = readAppliedReplicas(call, namespace, name);
    const make = (current: JSONObject): JSONObject =>
      replicas === undefined ? current : { ...current, spec: { replicas } };
    return { query, make, applied: { replicas } };
  }
  // The forms of patches are those of the resource, the fields those of a Scale.
  const patch = parsePatch(call, resource.custom === true ? { ...scales, custom: true } : scales);
  return { query, make: (current) => decodePatched(patch.apply(current), patch, scales, call) };
}

/** The Scale in a PUT. @throws StatusError 400 */
function readScale({ call, resource }: Scaling): JSONObject {
  try {
    return decodeObject(call, scales).object;
  } catch (error) {
    // Where custom resources are served nobody knows what a Scale is, which is all that is said of a wrong one.
    if (resource.custom !== true || !(error instanceof StatusError) || error.code !== 400) throw error;
    throw badRequest('no kind is registered for the type v1.Scale in scheme "pkg/runtime/scheme.go:111"');
  }
}

/** Changes the number of replicas of an object with the optimistic lock. Returns the new scale. */
async function write(scaling: Scaling, change: Change): Promise<JSONObject> {
  const { context, resource } = scaling;
  const collection = context.store.collection(storageKey(resource));
  const { query, uid = "" } = change;
  while (true) {
    const record = find(scaling);
    if (uid !== "" && uid !== record.uid) {
      throw uidConflict(resource, scaling.namespace, scaling.name, uid, record.uid, query.dryRun);
    }
    const old = readShape(record, resource);
    const attempt = attemptOf(scaling, change, old);
    const scale = await context.admission.admit(attempt) ?? {};
    if (collection.get(record.key) !== record) continue;
    const next = changed(scaling, change, scale, old);
    await context.admission.validate({ ...attempt, object: scale });
    if (collection.get(record.key) !== record) continue;
    if (deepEqual(next, old)) return scaleOf(old, resource);
    const stored = resource.shape?.write(next) ?? next;
    const written = query.dryRun ? recordOf(stored, record.revision) : context.store.put(collection, stored, record);
    return scaleOf(readShape(written, resource), resource);
  }
}

function attemptOf(
  { call, resource, namespace = "", name }: Scaling,
  change: Change,
  old: JSONObject,
): AdmissionAttempt {
  const { force: _, ...options } = change.query.given;
  const before = scaleOf(old, resource);
  // A patch of what a custom resource does not say has to say it.
  if (isUnset(old, resource)) before["spec"] = { replicas: unset };
  return {
    resource,
    subresource: "scale",
    bodies: scales,
    operation: "UPDATE",
    namespace,
    name,
    object: change.make(copyObject(before)),
    old: before,
    options: { kind: "UpdateOptions", apiVersion: "meta.k8s.io/v1", ...options },
    dryRun: change.query.dryRun,
    user: call.user,
    signal: call.signal,
    warn: call.warn,
  };
}

/** The object with the number of replicas that a scale asks for. @throws StatusError */
function changed(
  { resource, namespace, name }: Scaling,
  change: Change,
  scale: JSONObject,
  old: JSONObject,
): JSONObject {
  const metadata = objectAt(scale, "metadata");
  checkPlace(metadata, namespace, name);
  const wanted = replicasOf(scale);
  if (resource.custom === true && wanted === unset) {
    throw badRequest(`the spec replicas field ".${scaleFields(resource).specReplicas.join(".")}" cannot be empty`);
  }
  if (resource.custom !== true && wanted < 0) throw negative(name, wanted);
  checkLock(resource, metadata, old, name);
  const copy = copyObject(old);
  const path = scaleFields(resource).specReplicas;
  const { query: { manager, force } } = change;
  const isOther = !deepEqual(withReplicas(old, resource, wanted), old);
  const tracked: ScaleWrite = { resource, path, manager, changed: isOther };
  const { applied } = change;
  if (applied === undefined) trackScaleUpdate(copy, tracked, wanted);
  const replicas = applied === undefined ? wanted : trackScaleApply(copy, tracked, applied.replicas, force);
  const next = replicas === undefined ? copy : withReplicas(copy, resource, replicas);
  const causes = validateObject(next, old, resource, undefined, []);
  if (causes.length > 0) throw invalid(resource, name, causes);
  const { generation } = objectAt(old, "metadata");
  if (typeof generation === "number" && isNewGeneration(next, old, resource)) {
    objectAt(next, "metadata")["generation"] = generation + 1;
  }
  return next;
}

/** @throws StatusError 409, 422, 500 */
function checkLock(resource: ServedResource, metadata: JSONObject, old: JSONObject, name: string): void {
  const before = objectAt(old, "metadata");
  const uid = stringAt(metadata, "uid");
  const known = stringAt(before, "uid");
  if (resource.custom !== true && uid !== "" && uid !== known) {
    throw conflict(resource, name, `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${known}`);
  }
  const version = stringAt(metadata, "resourceVersion");
  if (version !== "") checkVersionOf({ resource, name }, metadata, old);
}

function negative(name: string, replicas: number): Error {
  const cause = invalidValue("spec.replicas", replicas, "must be greater than or equal to 0");
  return invalid(scales, name, [cause]);
}
