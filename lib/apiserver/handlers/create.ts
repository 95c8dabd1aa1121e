import type { JSONObject } from "../../k8s/contract.ts";
import { type Random, randomSuffix } from "../../util/random.ts";
import type { AdmissionAttempt } from "../admission/admission.ts";
import { isTrackable, trackUpdate } from "../apply/managed_fields.ts";
import { authorizeCreation } from "../access.ts";
import { type Context, timestamp } from "../context.ts";
import { objectAt, parseStored, stringAt } from "../json.ts";
import { parseAccept } from "../request/accept.ts";
import type { Answer, Call } from "../request/call.ts";
import { checkMediaType, decodeObject, normalizeObject } from "../request/decode.ts";
import { parseWriteQuery, type WriteQuery } from "../request/write_options.ts";
import { acceptCustomResourceDefinition } from "../resources/custom_resource_definition.ts";
import { customResourceDefinitions, namespaces } from "../resources/builtin.ts";
import { zeroStruct } from "../schema/decode.ts";
import { schemaOf } from "../schema/resource_schema.ts";
import { type ServedResource, storageKey } from "../resources/served_resource.ts";
import {
  alreadyExists,
  badRequest,
  type Cause,
  forbidden,
  invalid,
  methodNotAllowed,
  notFound,
  plainError,
} from "../status.ts";
import { recordKey, recordOf } from "../store/record.ts";
import { randomUid } from "../uid.ts";
import { foreignProblems, typeNamed } from "../validate/custom_type.ts";
import { validateMetadata, warnOfFinalizers } from "../validate/metadata.ts";
import { validateObject } from "../validate/object.ts";
import { dropEmptyWebhooks } from "../resources/empty_webhooks.ts";
import { readShape, representObject } from "./projection.ts";
import { checkVersion } from "./versions.ts";

/** Longest name with room for the suffix of a generated one. */
const generatedPrefix = 58;

/** POST of a new object. */
export async function createObject(
  context: Context,
  call: Call,
  resource: ServedResource,
  namespace: string | undefined,
): Promise<Answer> {
  if (resource.namespaced && namespace === undefined) throw methodNotAllowed();
  const representation = representObject(resource, parseAccept(call.accept, resource));
  checkMediaType(call);
  const query = parseWriteQuery(call, "CreateOptions");
  const { object, warnings } = decodeObject(call, resource);
  wipeSystemFields(object);
  setNamespace(object, resource, namespace);
  if (isTrackable(object, resource)) {
    // Nobody owns a status that is not stored; webhooks see it all the same.
    const owned = { ...object };
    wipeStatus(owned, resource);
    trackUpdate(undefined, owned, resource, { manager: query.manager, time: timestamp(context.clock) });
  }
  const value = representation(await insert(context, call, resource, object, query));
  return { type: "value", code: 201, value, warnings };
}

/**
 * Admits, completes, checks and stores a new object; its managedFields are set. Returns it as stored.
 * @param isUpdate is it created by a PUT?
 */
export async function insert(
  context: Context,
  call: Call,
  resource: ServedResource,
  object: JSONObject,
  { dryRun, given: { force: _, ...options } }: WriteQuery,
  isUpdate = false,
): Promise<JSONObject> {
  const given = objectAt(object, "metadata");
  const namespace = stringAt(given, "namespace");
  checkNamespace(context, resource, namespace, stringAt(given, "name"));
  const attempt: AdmissionAttempt = {
    resource,
    subresource: undefined,
    operation: "CREATE",
    namespace,
    name: stringAt(given, "name"),
    object,
    old: undefined,
    options: { kind: "CreateOptions", apiVersion: "meta.k8s.io/v1", ...options },
    dryRun,
    user: call.user,
    signal: call.signal,
    warn: call.warn,
  };
  const admitted = await context.admission.admit(attempt) ?? object;
  if (isUpdate) checkVersion(stringAt(objectAt(admitted, "metadata"), "resourceVersion"));
  wipeStatus(admitted, resource);
  prepareNew(context, resource, admitted);
  authorizeCreation(context, call);
  warnOfFinalizers(objectAt(admitted, "metadata"), {}, resource, call);
  const name = stringAt(objectAt(admitted, "metadata"), "name");
  const validation = context.admission.validate({ ...attempt, name, object: admitted });
  if (validation instanceof Promise) await validation;
  return storePrepared(context, resource, admitted, { dryRun, isUpdate });
}

/** Completes, checks and stores an object without admission. Returns it as stored. */
export function storeNew(context: Context, resource: ServedResource, object: JSONObject): JSONObject {
  prepareNew(context, resource, object);
  return storePrepared(context, resource, object, { dryRun: false, isUpdate: false });
}

/** Completes and checks an admitted object. @throws StatusError */
function prepareNew(context: Context, resource: ServedResource, object: JSONObject): void {
  const metadata = objectAt(object, "metadata");
  dropEmptyWebhooks(object);
  setName(metadata, context.random);
  complete(object, resource, context);
  const name = stringAt(metadata, "name");
  const wrongType = foreignProblems(object, undefined, resource);
  if (wrongType.length > 0) throw invalid(typeNamed(object, resource), name, wrongType);
  const causes = [...validateMetadata(metadata, resource)];
  causes.push(...validateObject(object, undefined, resource, undefined, causes));
  if (causes.length > 0) throw invalid(resource, name, causes);
}

/** Stores an object that is complete. @throws StatusError */
function storePrepared(
  context: Context,
  resource: ServedResource,
  object: JSONObject,
  { dryRun, isUpdate }: { dryRun: boolean; isUpdate: boolean },
): JSONObject {
  const metadata = objectAt(object, "metadata");
  const namespace = stringAt(metadata, "namespace");
  const name = stringAt(metadata, "name");
  const version = stringAt(metadata, "resourceVersion");
  // A webhook takes its time: the namespace may have gone meanwhile.
  checkNamespace(context, resource, namespace, name);
  // What is no number counts as none; a dry run does not come so far as to look.
  if (!dryRun && !isUpdate && /^0*[1-9]\d*$/.test(version)) {
    throw plainError("resourceVersion should not be set on objects to be created");
  }
  const collection = context.store.collection(storageKey(resource));
  const there = collection.get(recordKey(namespace, name));
  if (there !== undefined) {
    // Another attempt may get another name, as far as the real server looks.
    const error = alreadyExists(resource, name, stringAt(metadata, "generateName") !== "");
    const isGoing = objectAt(parseStored(there.json), "metadata")["deletionTimestamp"] !== undefined;
    if (isGoing) error.document["message"] = `object is being deleted: ${error.message}`;
    throw error;
  }
  // Only dry runs show what an apply sent.
  if (!dryRun) delete metadata["selfLink"];
  const stored = resource.shape?.write(object) ?? object;
  if (!dryRun) return readShape(context.store.put(collection, stored, undefined), resource);
  const answer = readShape(recordOf(stored, 0), resource);
  if (version === "") delete objectAt(answer, "metadata")["resourceVersion"];
  else objectAt(answer, "metadata")["resourceVersion"] = version;
  return answer;
}

/** Clients have no say in these fields. */
function wipeSystemFields(object: JSONObject): void {
  const metadata = objectAt(object, "metadata");
  for (const field of ["uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds"]) {
    delete metadata[field];
  }
  delete metadata["selfLink"];
  delete metadata["managedFields"];
  dropEmptyWebhooks(object);
}

/** What a status subresource writes cannot be brought along. */
function wipeStatus(object: JSONObject, resource: ServedResource): void {
  if (resource.status !== true || resource.keepsStatus === true) return;
  const { status } = resource.custom === true ? {} : zeroStruct(schemaOf(resource));
  if (status === undefined) delete object["status"];
  else object["status"] = status;
}

/** Sets the namespace of the path. @throws StatusError 400 when the object names another one. */
export function setNamespace(object: JSONObject, resource: ServedResource, namespace: string | undefined): void {
  const metadata = objectAt(object, "metadata");
  const given = stringAt(metadata, "namespace");
  if (!resource.namespaced) {
    delete metadata["namespace"];
    return;
  }
  if (given !== "" && given !== namespace) {
    throw badRequest("the namespace of the provided object does not match the namespace sent on the request");
  }
  metadata["namespace"] = namespace;
}

function setName(metadata: JSONObject, random: Random): void {
  const prefix = stringAt(metadata, "generateName");
  if (stringAt(metadata, "name") !== "" || prefix === "") return;
  metadata["name"] = prefix.slice(0, generatedPrefix) + randomSuffix(random, 5);
}

function complete(object: JSONObject, resource: ServedResource, context: Context): void {
  const metadata = objectAt(object, "metadata");
  metadata["uid"] = randomUid(context.random);
  metadata["creationTimestamp"] = timestamp(context.clock);
  if (resource.generation !== undefined) metadata["generation"] = 1;
  normalizeObject(object, resource);
  resource.prepare?.(object);
  if (resource === customResourceDefinitions) acceptCustomResourceDefinition(object, timestamp(context.clock));
}

/** @throws StatusError 404 when the namespace does not exist, 403 when it is going. */
function checkNamespace(context: Context, resource: ServedResource, namespace: string, name: string): void {
  if (!resource.namespaced) return;
  const record = context.store.collection(storageKey(namespaces)).get(recordKey("", namespace));
  if (record === undefined) throw notFound(namespaces, namespace);
  if (objectAt(readShape(record, namespaces), "metadata")["deletionTimestamp"] === undefined) return;
  const message = `unable to create new content in namespace ${namespace} because it is being terminated`;
  const error = forbidden(resource, name, message);
  const cause: Cause = {
    reason: "NamespaceTerminating",
    message: `namespace ${namespace} is being terminated`,
    field: "metadata.namespace",
  };
  objectAt(error.document, "details")["causes"] = [cause];
  throw error;
}
