import type { JSONObject } from "../../k8s/contract.ts";
import { type UserInfo, userInfoDocument } from "../authentication/user_info.ts";

/** Path of the request behind `kubectl auth whoami`. */
export const selfSubjectReviewPath = "/apis/authentication.k8s.io/v1/selfsubjectreviews";

/** Tells a user who he is (KEP-3325). `time` is RFC 3339. */
export function selfSubjectReview(user: UserInfo, time: string): JSONObject {
  return {
    kind: "SelfSubjectReview",
    apiVersion: "authentication.k8s.io/v1",
    metadata: { creationTimestamp: time },
    status: { userInfo: userInfoDocument(user) },
  };
}
