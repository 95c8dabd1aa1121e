import type { ServedResource } from "../resources/served_resource.ts";

/** The resources that only answer: what is posted to them is not stored. */
export type ReviewName =
  | "localsubjectaccessreviews"
  | "selfsubjectaccessreviews"
  | "selfsubjectreviews"
  | "selfsubjectrulesreviews"
  | "subjectaccessreviews"
  | "tokenreviews";

/** A resource whose objects are questions. */
export interface ReviewResource extends ServedResource {
  readonly plural: ReviewName;
}

/** Is it such a resource? */
export function isReview(resource: ServedResource): resource is ReviewResource {
  return reviews.some((each) => each === resource);
}

function review(group: string, kind: string, plural: ReviewName, namespaced = false): ReviewResource {
  const singular = kind.toLowerCase();
  return { group: `${group}.k8s.io`, version: "v1", kind, singular, plural, namespaced, verbs: ["create"] };
}

/** All of them. */
export const reviews: readonly ReviewResource[] = [
  review("authentication", "SelfSubjectReview", "selfsubjectreviews"),
  review("authentication", "TokenReview", "tokenreviews"),
  review("authorization", "LocalSubjectAccessReview", "localsubjectaccessreviews", true),
  review("authorization", "SelfSubjectAccessReview", "selfsubjectaccessreviews"),
  review("authorization", "SelfSubjectRulesReview", "selfsubjectrulesreviews"),
  review("authorization", "SubjectAccessReview", "subjectaccessreviews"),
];
