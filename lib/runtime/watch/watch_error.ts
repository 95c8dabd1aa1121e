import { ApiError, InvalidObjectError, isExpired, isForbidden, isNotFound } from "../../k8s/errors.ts";
import { isOverloaded, isUnauthorized } from "../../k8s/errors.ts";
import { CredentialsError } from "../../k8s/kubeconfig/cluster_access.ts";
import { StalledConnectionError } from "./connection.ts";

/** Which collection is watched. */
export interface WatchSource {
  /** Plural name with its group, such as `leases.coordination.k8s.io`. */
  readonly resource: string;
  /** The namespace; absent for all of them. */
  readonly namespace?: string;
  /** Label selector, when only some objects are watched. */
  readonly labelSelector?: string;
  /** Field selector, when only some objects are watched. */
  readonly fieldSelector?: string;
}

/** Why a list or watch failed. */
export type WatchProblem =
  /** 401, or there are no credentials to be had: they are missing, wrong or expired. */
  | "unauthorized"
  /** 403: the user lacks the permission. */
  | "forbidden"
  /** 404: the server does not know the resource. */
  | "missing"
  /** 410: the resourceVersion or continue token is too old. */
  | "expired"
  /** 429 or 503: the server asks to come back later. */
  | "overloaded"
  /** Any other refusal. */
  | "refused"
  /** No answer to the request. */
  | "unreachable"
  /** The stream broke. */
  | "interrupted"
  /** Silence for too long. */
  | "stalled"
  /** The stream ended before the initial list was complete. */
  | "incomplete"
  /** Something came that is not what the API promises, or that `transform` could not take. */
  | "invalid";

/** A list or watch failed. It is tried again; the message says what was attempted and what helps. */
export class WatchError extends Error {
  /** Tells it from other errors. */
  override readonly name = "WatchError";
  /** What was listed or watched. */
  readonly source: WatchSource;
  /** The verb that the user needs on the resource. */
  readonly verb: "list" | "watch";
  /** What is wrong, in one word. */
  readonly problem: WatchProblem;

  /**
   * Makes the message from its parts, with what a person can do about it.
   * @param verb what failed.
   */
  constructor(source: WatchSource, verb: "list" | "watch", problem: WatchProblem, cause?: unknown) {
    const namespace = source.namespace === undefined ? "" : ` in namespace ${source.namespace}`;
    const what = `${verb} ${source.resource}${namespace}`;
    super(`could not ${what}: ${explain(problem, what, source)}`, cause === undefined ? {} : { cause });
    this.source = source;
    this.verb = verb;
    this.problem = problem;
  }
}

function explain(problem: WatchProblem, what: string, source: WatchSource): string {
  switch (problem) {
    case "unauthorized":
      return "the credentials are missing, expired or not accepted; renew them";
    case "forbidden":
      return `the permission is missing; grant this user: ${what}`;
    case "missing":
      return `the server does not know ${source.resource}; install its CRD, or check group and version`;
    case "expired":
      return "the server no longer knows the state to go on from; listing again";
    case "overloaded":
      return "the server is overloaded; trying again later";
    case "refused":
      return "the server refused";
    case "unreachable":
      return "the server gave no answer; check the address and the network";
    case "interrupted":
      return "the connection broke; connecting again";
    case "stalled":
      return "the connection is silent; connecting again";
    case "incomplete":
      return "the stream ended within the initial list; listing again";
    case "invalid":
      return "the server sent something unexpected; listing again";
  }
}

/** Names what went wrong. `opened` says whether the server had begun to answer. */
export function problemOf(error: unknown, opened: boolean): WatchProblem {
  if (isUnauthorized(error) || error instanceof CredentialsError) return "unauthorized";
  if (isForbidden(error)) return "forbidden";
  if (isNotFound(error)) return "missing";
  if (isExpired(error)) return "expired";
  if (isOverloaded(error)) return "overloaded";
  if (error instanceof ApiError) return "refused";
  if (error instanceof StalledConnectionError) return "stalled";
  if (error instanceof InvalidObjectError || error instanceof SyntaxError) return "invalid";
  return opened ? "interrupted" : "unreachable";
}

/**
 * After this failure of a watch, is its resourceVersion of no more use? Besides "too old" that is so when the server
 * itself ended the stream with an error (it would meet the same event again), when it cannot make sense of the version
 * or has not reached it (etcd was restored from a backup), and when the whole resource went.
 */
export function needsRelist(error: unknown, opened: boolean): boolean {
  if (error instanceof InvalidObjectError || error instanceof SyntaxError) return true;
  if (!(error instanceof ApiError)) return false;
  const { code, reason, causes } = error.status;
  return opened || [400, 404, 410, 422].includes(code) || reason === "Expired" ||
    causes.some(({ reason }) => reason === "ResourceVersionTooLarge");
}

/** Is this how a server without streaming lists answers (400 or 422: sendInitialEvents, resourceVersionMatch)? */
export function isStreamingListRefused(error: unknown): boolean {
  return error instanceof ApiError && (error.status.code === 400 || error.status.code === 422);
}
