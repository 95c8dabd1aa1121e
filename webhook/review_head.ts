import type { Envelope } from "./admission_review.ts";

/** What an answer to a review has to repeat. */
export interface ReviewHead {
  readonly envelope: Envelope;
  readonly uid: string;
}

/** Go writes the fields of a struct in the order of their declaration, so the API server's reviews always begin like this. */
const start =
  /^\s*\{\s*"kind":\s*"AdmissionReview",\s*"apiVersion":\s*"(admission\.k8s\.io\/v1(?:beta1)?)",\s*"request":\s*\{\s*"uid":\s*"([-A-Za-z0-9]{1,64})"/;

/**
 * Reads envelope and uid from the first characters of a review without parsing the rest, for when there is no time for
 * that. Undefined when it does not begin as the API server's reviews do.
 */
export function readHead(text: string): ReviewHead | undefined {
  const [, apiVersion, uid] = start.exec(text) ?? [];
  if (apiVersion === undefined || uid === undefined) return undefined;
  return { envelope: { apiVersion, kind: "AdmissionReview" }, uid };
}
