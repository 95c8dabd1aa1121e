import type { JSONObject } from "../../k8s/contract.ts";
import { arrayAt, objectAt, objectsAt } from "../json.ts";

/** Keeps a CustomResourceDefinition that is being deleted until its custom resources are gone. */
export const instanceCleanup = "customresourcecleanup.apiextensions.k8s.io";

/**
 * A CustomResourceDefinition as the first request to delete it leaves it. The given one is not changed.
 * @param time as the server writes times
 */
export function markDefinition(definition: JSONObject, time: string): JSONObject {
  const metadata = objectAt(definition, "metadata");
  const finalizers = arrayAt(metadata, "finalizers").filter((finalizer) => finalizer !== instanceCleanup);
  const marked = {
    ...definition,
    metadata: { ...metadata, deletionTimestamp: time, finalizers: [...finalizers, instanceCleanup] },
  };
  const message = "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon";
  return withTerminating(marked, "InstanceDeletionPending", message, time);
}

/** The definition with the condition that it is going, which says why. */
export function withTerminating(definition: JSONObject, reason: string, message: string, time: string): JSONObject {
  const status = objectAt(definition, "status");
  const conditions = objectsAt(status, "conditions");
  const before = conditions.find(({ type }) => type === "Terminating");
  const others = conditions.filter((each) => each !== before);
  const lastTransitionTime = before?.["lastTransitionTime"] ?? time;
  const next = { type: "Terminating", status: "True", lastTransitionTime, reason, message };
  return { ...definition, status: { ...status, conditions: [...others, next] } };
}

/** Do the resources of a definition take nothing new any more, as it is being deleted? */
export function isTerminating(definition: JSONObject): boolean {
  return objectsAt(objectAt(definition, "status"), "conditions")
    .some(({ type, status }) => type === "Terminating" && status === "True");
}
