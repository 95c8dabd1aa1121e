import type { JSONObject } from "../../k8s/contract.ts";
import { type Context, timestamp } from "../context.ts";
import { arrayAt, objectAt, stringAt } from "../json.ts";
import type { Answer, Call } from "../request/call.ts";
import { pods } from "../resources/builtin.ts";
import { withPodCondition } from "../resources/pod_conditions.ts";
import { storageKey } from "../resources/served_resource.ts";
import { bindings } from "../resources/subresources.ts";
import { conflict, notFound, plainError } from "../status.ts";
import { recordKey, type StoredObject } from "../store/record.ts";
import { done, readSubresourceBody } from "./create_subresource.ts";
import { readShape } from "./projection.ts";

/**
 * POST of a binding, which puts a pod on a node.
 * @param name of the pod; undefined when only the binding names it
 */
export async function bindPod(
  context: Context,
  call: Call,
  namespace: string,
  name: string | undefined,
): Promise<Answer> {
  const place = name === undefined
    ? { resource: bindings, subresource: undefined }
    : { resource: pods, subresource: "binding" };
  const body = await readSubresourceBody({ context, call, ...place, bodies: bindings, namespace, name });
  checkTarget(objectAt(body.object, "target"));
  await body.validate();
  const collection = context.store.collection(storageKey(pods));
  const record = collection.get(recordKey(namespace, body.name));
  if (record === undefined) throw notFound(pods, body.name);
  checkPreconditions(record, objectAt(body.object, "metadata"));
  const bound = bind(readShape(record, pods), body.object, timestamp(context.clock));
  if (!body.dryRun) context.store.put(collection, bound, record);
  return done();
}

/** The real server has plain errors here, without a reason. @throws StatusError 500 */
function checkTarget(target: JSONObject): void {
  const kind = stringAt(target, "kind");
  if (kind !== "" && kind !== "Node") {
    throw plainError(`target.kind: Unsupported value: ${JSON.stringify(kind)}: supported values: "Node", "<empty>"`);
  }
  if (stringAt(target, "name") === "") throw plainError("target.name: Required value");
}

/** @throws StatusError 409 */
function checkPreconditions(record: StoredObject, metadata: JSONObject): void {
  const found = { UID: record.uid, ResourceVersion: String(record.revision) };
  const wanted = { UID: stringAt(metadata, "uid"), ResourceVersion: stringAt(metadata, "resourceVersion") };
  for (const field of ["UID", "ResourceVersion"] as const) {
    if (wanted[field] === "" || wanted[field] === found[field]) continue;
    const why = `Precondition failed: ${field} in precondition: ${wanted[field]}, ` +
      `${field} in object meta: ${found[field]}`;
    const place = `Code: 4, Key: /registry/pods/${record.key}, ResourceVersion: 0`;
    throw conflict(pods, record.name, `StorageError: invalid object, ${place}, AdditionalErrorMsg: ${why}`);
  }
}

/** The pod on its node. @throws StatusError 409 */
function bind(pod: JSONObject, binding: JSONObject, time: string): JSONObject {
  const metadata = objectAt(pod, "metadata");
  const spec = objectAt(pod, "spec");
  const name = stringAt(metadata, "name");
  const node = stringAt(spec, "nodeName");
  const refuse = (why: string): never => {
    throw conflict({ ...pods, plural: "pods/binding" }, name, `pod ${name} ${why}`);
  };
  if (metadata["deletionTimestamp"] !== undefined) refuse("is being deleted, cannot be assigned to a host");
  if (node !== "") refuse(`is already assigned to node ${JSON.stringify(node)}`);
  if (arrayAt(spec, "schedulingGates").length > 0) refuse("has non-empty .spec.schedulingGates");
  const given = objectAt(binding, "metadata");
  const merged: JSONObject = { ...metadata };
  for (const field of ["annotations", "labels"]) {
    const added = objectAt(given, field);
    if (Object.keys(added).length > 0) merged[field] = { ...objectAt(metadata, field), ...added };
  }
  const nodeName = stringAt(objectAt(binding, "target"), "name");
  const bound: JSONObject = { ...pod, metadata: merged, spec: { ...spec, nodeName } };
  return withPodCondition(bound, { type: "PodScheduled", status: "True" }, time);
}
