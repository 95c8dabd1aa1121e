import type { JSONObject, JSONValue } from "./contract.ts";

/** What a Status object of the API server says of one faulty field. */
export interface StatusCause {
  /** Path of the field, such as `spec.replicas`. */
  readonly field?: string;
  /** What is wrong with it. */
  readonly message?: string;
  /** Machine-readable, such as "FieldValueInvalid". */
  readonly reason?: string;
}

/** The parts of a `v1.Status` that we use (API conventions, "Response Status Kind"). */
export interface Status {
  /** HTTP status code. */
  readonly code: number;
  /** Machine-readable reason, such as "NotFound", "Conflict" or "Expired"; empty when the server gave none. */
  readonly reason: string;
  /** The server's words. */
  readonly message: string;
  /** What is wrong with which field, where the server says it. */
  readonly causes: readonly StatusCause[];
  /** Seconds after which the request may be tried again. */
  readonly retryAfterSeconds?: number;
  /** In the answer to an expired list: a token that goes on with newer data (list chunking, KEP-365). */
  readonly continueToken?: string;
}

/** An API server's refusal of a request. The message names the verb, the object and the server's words. */
export class ApiError extends Error {
  /** Tells it from other errors. */
  override readonly name = "ApiError";
  /** What the server answered. */
  readonly status: Status;
  /** What was asked, such as `PATCH /api/v1/namespaces/default/secrets/foo`. */
  readonly request: string;

  /**
   * An error for an answer.
   * @param request what was asked: method and path.
   */
  constructor(request: string, status: Status, options?: ErrorOptions) {
    const reason = status.reason === "" ? `HTTP ${status.code}` : `${status.reason} (${status.code})`;
    super(`${request}: ${reason}: ${status.message}`, options);
    this.status = status;
    this.request = request;
  }
}

/** The connection failed before the server answered: refused, reset, timed out, or not trusted. */
export class ConnectionError extends Error {
  /** Tells it from other errors. */
  override readonly name = "ConnectionError";
}

/** An answer that is not what the Kubernetes API promises, or an object that is not of the expected kind. */
export class InvalidObjectError extends Error {
  /** Tells it from other errors. */
  override readonly name = "InvalidObjectError";
}

/** Reads a Status object; undefined when the value is none. */
export function parseStatus(value: JSONValue, httpStatus?: number): Status | undefined {
  if (!isJsonObject(value) || value["kind"] !== "Status") return undefined;
  const { code, reason, message, details, metadata } = value;
  const fields = isJsonObject(details) ? details : {};
  const causes = Array.isArray(fields["causes"]) ? fields["causes"].filter(isJsonObject).map(parseCause) : [];
  const retryAfter = fields["retryAfterSeconds"];
  const token = isJsonObject(metadata) ? metadata["continue"] : undefined;
  return {
    code: typeof code === "number" ? code : httpStatus ?? 500,
    reason: typeof reason === "string" ? reason : "",
    message: typeof message === "string" ? message : "the server gave no message",
    causes,
    ...(typeof retryAfter === "number" && retryAfter > 0 ? { retryAfterSeconds: retryAfter } : {}),
    ...(typeof token === "string" && token !== "" ? { continueToken: token } : {}),
  };
}

function parseCause(cause: JSONObject): StatusCause {
  const { field, message, reason } = cause;
  return {
    ...(typeof field === "string" ? { field } : {}),
    ...(typeof message === "string" ? { message } : {}),
    ...(typeof reason === "string" ? { reason } : {}),
  };
}

/** Is this a JSON object, and neither null nor an array? */
export function isJsonObject(value: JSONValue): value is JSONObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function hasCode(error: unknown, ...codes: readonly number[]): error is ApiError {
  return error instanceof ApiError && codes.includes(error.status.code);
}

/** 404: the object, or the resource itself, does not exist. */
export function isNotFound(error: unknown): error is ApiError {
  return hasCode(error, 404);
}

/** 409 because the object has changed meanwhile (optimistic lock). */
export function isConflict(error: unknown): error is ApiError {
  return hasCode(error, 409) && error.status.reason !== "AlreadyExists";
}

/** 409 because an object of that name exists already. */
export function isAlreadyExists(error: unknown): error is ApiError {
  return hasCode(error, 409) && error.status.reason === "AlreadyExists";
}

/** 410: the resourceVersion or continue token is too old; list again. */
export function isExpired(error: unknown): error is ApiError {
  return hasCode(error, 410) || (error instanceof ApiError && error.status.reason === "Expired");
}

/** 401: the credentials are missing, wrong or expired. */
export function isUnauthorized(error: unknown): error is ApiError {
  return hasCode(error, 401);
}

/** 403: the user may not do this. */
export function isForbidden(error: unknown): error is ApiError {
  return hasCode(error, 403);
}

/** 422: the object or patch does not fit; also a JSON patch whose `test` failed. */
export function isInvalid(error: unknown): error is ApiError {
  return hasCode(error, 422);
}

/** 429 or 503: the server asks to come back later. */
export function isOverloaded(error: unknown): error is ApiError {
  return hasCode(error, 429, 503);
}
