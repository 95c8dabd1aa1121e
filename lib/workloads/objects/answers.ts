import { ApiError } from "../../k8s/errors.ts";

/** Was a creation refused because the namespace is being deleted? Then trying again is of no use. */
export function isNamespaceTerminating(error: unknown): boolean {
  return error instanceof ApiError && error.status.causes.some(({ reason }) => reason === "NamespaceTerminating");
}

/**
 * Does nobody know whether a request that failed was carried out? So it is when no answer came, and when the answer is
 * one such as "timeout".
 */
export function isUnanswered(error: unknown): boolean {
  return !(error instanceof ApiError && error.status.code < 500);
}
