import type { JSONObject } from "../../k8s/contract.ts";
import { userInfoDocument } from "../authentication/user_info.ts";
import { copyObject } from "../json.ts";
import { apiVersionOf } from "../resources/registry.ts";
import type { AdmissionAttempt } from "./admission.ts";
import type { View } from "./view.ts";

/** The AdmissionReview of an attempt (`admission.k8s.io/v1`), as one webhook sees it. */
export function reviewOf(attempt: AdmissionAttempt, view: View, uid: string): JSONObject {
  const { subresource, operation, object, old, options, dryRun, user } = attempt;
  const { group, plural } = attempt.resource;
  const bodies = attempt.bodies ?? attempt.resource;
  // A namespace lies in itself, as far as admission is concerned.
  const namespace = group === "" && plural === "namespaces" ? attempt.name : attempt.namespace;
  const shown = attempt.bodies ?? view.resource;
  const complete = (each: JSONObject): JSONObject => {
    return copyObject({ ...view.show(each), kind: shown.kind, apiVersion: apiVersionOf(shown) });
  };
  const request: JSONObject = {
    uid,
    kind: kindOf(shown),
    resource: resourceOf(view.resource),
    ...(subresource === undefined ? {} : { subResource: subresource }),
    requestKind: kindOf(bodies),
    requestResource: resourceOf(attempt.resource),
    ...(subresource === undefined ? {} : { requestSubResource: subresource }),
    ...(attempt.name === "" ? {} : { name: attempt.name }),
    ...(namespace === "" ? {} : { namespace }),
    operation,
    userInfo: userInfoDocument(user),
    object: object === undefined ? null : complete(object),
    oldObject: old === undefined ? null : complete(old),
    dryRun,
    options: copyObject(options),
  };
  return { kind: "AdmissionReview", apiVersion: "admission.k8s.io/v1", request };
}

function kindOf({ group, version, kind }: AdmissionAttempt["resource"]): JSONObject {
  return { group, version, kind };
}

function resourceOf({ group, version, plural }: AdmissionAttempt["resource"]): JSONObject {
  return { group, version, resource: plural };
}
