import type { JSONObject, JSONValue } from "../../lib/k8s/contract.ts";
import { isJsonObject } from "../../lib/k8s/errors.ts";
import { objectAt, stringAt } from "../../lib/apiserver/json.ts";

/**
 * What the webhook does to an object, as the object's own label `hook` says. Only objects with that label are shown
 * to it (by the objectSelector of its configuration).
 */
export const scripts = [
  "label",
  "name",
  "data",
  "deny",
  "refuse",
  "bad-patch",
  "broken",
  "none",
  "wrong-uid",
  "twice",
] as const;

/** Answers an AdmissionReview, and notes what was asked. */
export function answerReview(review: JSONObject, reviews: JSONObject[]): JSONObject {
  const request = objectAt(review, "request");
  reviews.push({ ...request });
  const object = isJsonObject(request["object"]) ? request["object"] : objectAt(request, "oldObject");
  const labels = objectAt(objectAt(object, "metadata"), "labels");
  const script = stringAt(labels, "hook") || stringAt(labels, "validate");
  const response = respond(script, request, object);
  return {
    apiVersion: "admission.k8s.io/v1",
    kind: "AdmissionReview",
    response: { uid: stringAt(request, "uid"), ...response },
  };
}

function respond(script: string, request: JSONObject, object: JSONObject): JSONObject {
  const metadata = objectAt(object, "metadata");
  const isWrite = request["operation"] !== "DELETE";
  switch (script) {
    case "label":
      return isWrite ? patch({ op: "add", path: "/metadata/labels/hooked", value: "yes" }) : { allowed: true };
    case "twice":
      return isWrite
        ? patch(
          { op: "test", path: "/metadata/annotations", value: metadata["annotations"] ?? null },
          { op: "add", path: "/metadata/annotations", value: { ...objectAt(metadata, "annotations"), twice: "1" } },
        )
        : { allowed: true };
    case "name":
      return request["operation"] === "CREATE" && metadata["name"] === undefined
        ? patch({ op: "add", path: "/metadata/name", value: "named-by-hook" })
        : { allowed: true };
    case "data":
      return isWrite && object["kind"] === "ConfigMap"
        ? patch({ op: "add", path: "/data", value: { hooked: "data" } })
        : { allowed: true };
    case "warn":
      return { allowed: true, warnings: ["take care", `of ${stringAt(metadata, "name")}`] };
    case "deny":
      return { allowed: false, status: { code: 418, reason: "Teapot", message: "no coffee" } };
    case "refuse":
      return { allowed: false };
    case "bad-patch":
      return isWrite ? patch({ op: "remove", path: "/metadata/labels/none" }) : { allowed: true };
    case "broken":
      return isWrite ? { allowed: true, patchType: "JSONPatch", patch: btoa("no json") } : { allowed: true };
    case "wrong-uid":
      return { uid: "other", allowed: true };
    default:
      return { allowed: true };
  }
}

function patch(...operations: readonly JSONObject[]): JSONObject {
  const value: JSONValue = [...operations];
  return { allowed: true, patchType: "JSONPatch", patch: btoa(JSON.stringify(value)) };
}
