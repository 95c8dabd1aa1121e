import type { JSONObject, JSONValue } from "../k8s/contract.ts";
import { arrayAt, objectAt, stringAt } from "./json.ts";

/** What a deletion comes to. */
export type Deletion =
  /** Nothing keeps the object. */
  | { readonly type: "remove" }
  /** It is being deleted already, and this request changes nothing. */
  | { readonly type: "pending" }
  /** It stays, marked, or goes right after it was marked, so that watchers see the mark first. */
  | { readonly type: "mark"; readonly object: JSONObject; readonly thenRemove: boolean };

/** How to delete. */
export interface DeletionRequest {
  /** Seconds that the client asks for; undefined: the object's own. */
  readonly gracePeriodSeconds: number | undefined;
  /** The finalizers that the object is to have. */
  readonly finalizers: readonly JSONValue[];
  /** Does something else keep it, such as the finalizers in a namespace's spec? */
  readonly held?: boolean;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/**
 * Decides on the deletion of an object, as kube-apiserver does: finalizers keep it, and a pod on a node stays for its
 * grace period, until the node deletes it with a grace period of zero. The given object is not changed.
 */
export function planDeletion(object: JSONObject, request: DeletionRequest): Deletion {
  return isPod(object) ? planPod(object, request) : planOther(object, request);
}

function isPod(object: JSONObject): boolean {
  return object["kind"] === "Pod" && object["apiVersion"] === "v1";
}

function planOther(object: JSONObject, { finalizers, held = false, now }: DeletionRequest): Deletion {
  const metadata = objectAt(object, "metadata");
  if (finalizers.length === 0 && !held) return { type: "remove" };
  if (metadata["deletionTimestamp"] === undefined) return marked(object, 0, now, finalizers);
  const before = arrayAt(metadata, "finalizers");
  const same = finalizers.length === before.length && finalizers.every((each, index) => each === before[index]);
  if (same) return { type: "pending" };
  // Who applies an object with a deletionTimestamp leaves the other out.
  const fields = { finalizers: [...finalizers], deletionGracePeriodSeconds: 0 };
  return { type: "mark", object: withMetadata(object, fields), thenRemove: false };
}

function planPod(object: JSONObject, { gracePeriodSeconds: asked, finalizers, now }: DeletionRequest): Deletion {
  const metadata = objectAt(object, "metadata");
  const { deletionTimestamp, deletionGracePeriodSeconds } = metadata;
  if (typeof deletionTimestamp !== "string") {
    return marked(object, graceOf(object, asked), now, finalizers);
  }
  const before = typeof deletionGracePeriodSeconds === "number" ? deletionGracePeriodSeconds : 0;
  const grace = asked === undefined ? before : atLeast(asked);
  // It may only become shorter, counted from the first deletion; nor do finalizers change any more.
  if (grace >= before) return { type: "pending" };
  const started = Date.parse(deletionTimestamp) - before * 1_000;
  const times = { deletionTimestamp: format(started + grace * 1_000), deletionGracePeriodSeconds: grace };
  return {
    type: "mark",
    object: withMetadata(object, times),
    thenRemove: grace === 0 && arrayAt(metadata, "finalizers").length === 0,
  };
}

function marked(object: JSONObject, grace: number, now: number, finalizers: readonly JSONValue[]): Deletion {
  const { generation } = objectAt(object, "metadata");
  const changed = withMetadata(object, {
    ...(finalizers.length === 0 ? {} : { finalizers: [...finalizers] }),
    deletionTimestamp: format(now + grace * 1_000),
    deletionGracePeriodSeconds: grace,
    ...(typeof generation === "number" ? { generation: generation + 1 } : {}),
  });
  if (finalizers.length === 0) delete objectAt(changed, "metadata")["finalizers"];
  return { type: "mark", object: changed, thenRemove: isPod(object) && grace === 0 && finalizers.length === 0 };
}

function withMetadata(object: JSONObject, changes: JSONObject): JSONObject {
  return { ...object, metadata: { ...objectAt(object, "metadata"), ...changes } };
}

/** Seconds that a pod gets to end: none when nothing of it runs. */
function graceOf(pod: JSONObject, asked: number | undefined): number {
  const spec = objectAt(pod, "spec");
  const phase = stringAt(objectAt(pod, "status"), "phase");
  if (stringAt(spec, "nodeName") === "" || phase === "Succeeded" || phase === "Failed") return 0;
  const own = spec["terminationGracePeriodSeconds"];
  return atLeast(asked ?? (typeof own === "number" ? own : 0));
}

/** Negative grace periods were once taken; they count as one second. */
function atLeast(seconds: number): number {
  return seconds < 0 ? 1 : seconds;
}

function format(time: number): string {
  return new Date(time).toISOString().replace(/\.\d+Z$/, "Z");
}
