import type { JSONObject } from "../k8s/contract.ts";
import { formatGroupResource } from "../k8s/api/resource.ts";

/** What is wrong with one field (`StatusCause`). */
export type Cause = { readonly reason: string; readonly message: string; readonly field?: string };

/** A refusal as the API server words it: carries the Status document that the client gets. */
export class StatusError extends Error {
  override readonly name = "StatusError";
  readonly document: JSONObject;
  readonly code: number;
  /** What the client is to be warned of all the same. */
  warnings: readonly string[] = [];
  /** What HTTP clients get instead of the document, where the real server has none. */
  readonly text: string | undefined;

  constructor(
    code: number,
    reason: string,
    message: string,
    details?: JSONObject,
    listMeta?: JSONObject,
    { text, ...options }: ErrorOptions & { readonly text?: string } = {},
  ) {
    super(message, options);
    this.text = text;
    this.code = code;
    this.document = {
      kind: "Status",
      apiVersion: "v1",
      metadata: listMeta ?? {},
      status: "Failure",
      message,
      ...(reason === "" ? {} : { reason }),
      ...(details === undefined ? {} : { details }),
      code,
    };
  }
}

/** What errors need to know of a resource. */
export interface Named {
  readonly group: string;
  readonly plural: string;
  readonly kind: string;
}

function detailsOf(resource: Named, name: string, kind: string = resource.plural): JSONObject {
  return { name, ...(resource.group === "" ? {} : { group: resource.group }), kind };
}

function qualified(resource: Named): string {
  return formatGroupResource({ group: resource.group, resource: resource.plural });
}

/** 404 for an object. */
export function notFound(resource: Named, name: string): StatusError {
  return new StatusError(404, "NotFound", `${qualified(resource)} "${name}" not found`, detailsOf(resource, name));
}

/** 404 for a path that nothing serves. */
export function noSuchPath(): StatusError {
  return new StatusError(404, "NotFound", "the server could not find the requested resource", {});
}

/** 404 in plain text, for a path that no handler has. */
export function pageNotFound(): StatusError {
  const message = "the server could not find the requested resource";
  return new StatusError(404, "NotFound", message, {}, {}, { text: "404 page not found\n" });
}

/** 409 for a name that is taken. @param generated may another attempt get another name? */
export function alreadyExists(resource: Named, name: string, generated = false): StatusError {
  const message = `${qualified(resource)} "${name}" already exists`;
  if (!generated) return new StatusError(409, "AlreadyExists", message, detailsOf(resource, name));
  const more = ", the server was not able to generate a unique name for the object";
  return new StatusError(409, "AlreadyExists", message + more, {
    ...detailsOf(resource, name),
    retryAfterSeconds: 1,
  });
}

/** 409 of the optimistic lock, or of a precondition. */
export function conflict(resource: Named, name: string, why: string = modified): StatusError {
  const message = `Operation cannot be fulfilled on ${qualified(resource)} "${name}": ${why}`;
  return new StatusError(409, "Conflict", message, detailsOf(resource, name));
}

/** 409 of a deletion whose precondition does not hold: the real server names the kind here, not the resource. */
export function preconditionFailed(resource: Named, name: string, why: string): StatusError {
  const kind = qualifiedKind(resource);
  const message = `Operation cannot be fulfilled on ${kind} "${name}": ${why}`;
  return new StatusError(409, "Conflict", message, detailsOf(resource, name, resource.kind));
}

const modified = "the object has been modified; please apply your changes to the latest version and try again";

function qualifiedKind(resource: Named): string {
  return formatGroupResource({ group: resource.group, resource: resource.kind });
}

/** 422 with what is wrong with which field. */
export function invalid(resource: Named, name: string, causes: readonly Cause[]): StatusError {
  const parts = [
    ...new Set(causes.map(({ field, message }) => field === undefined ? message : `${field}: ${message}`)),
  ];
  const what = parts.length === 1 ? parts.join() : `[${parts.join(", ")}]`;
  return new StatusError(422, "Invalid", `${qualifiedKind(resource)} "${name}" is invalid: ${what}`, {
    ...(name === "" ? {} : { name }),
    ...(resource.group === "" ? {} : { group: resource.group }),
    ...(resource.kind === "" ? {} : { kind: resource.kind }),
    causes: causes.map((cause) => ({ ...cause })),
  });
}

/** 422 for a patch that cannot be applied, such as a JSON patch whose test failed. The real server says no more. */
export function unprocessablePatch(cause: unknown): StatusError {
  const message = "the server rejected our request due to an error in our request";
  return new StatusError(422, "Invalid", message, {}, {}, { cause });
}

/** 422 for options of the request. */
export function invalidOptions(kind: string, causes: readonly Cause[]): StatusError {
  return invalid({ group: "meta.k8s.io", plural: "", kind }, "", causes);
}

/** 400. */
export function badRequest(message: string): StatusError {
  return new StatusError(400, "BadRequest", message);
}

/** 403. */
export function forbidden(resource: Named, name: string, why: string): StatusError {
  const message = `${qualified(resource)} "${name}" is forbidden: ${why}`;
  return new StatusError(403, "Forbidden", message, detailsOf(resource, name));
}

/** 405. */
export function methodNotAllowed(): StatusError {
  const message = "the server does not allow this method on the requested resource";
  return new StatusError(405, "MethodNotAllowed", message, {});
}

/** 405 of custom resources, which name the verb. */
export function methodNotSupported(resource: Named, verb: string): StatusError {
  const { group, plural } = resource;
  const message = `${verb} is not supported on resources of kind ${JSON.stringify(qualified(resource))}`;
  return new StatusError(405, "MethodNotAllowed", message, { group, kind: plural });
}

/** 406. */
export function notAcceptable(message: string, details?: JSONObject): StatusError {
  return new StatusError(406, "NotAcceptable", message, details);
}

/** 415 for a body that cannot be read. */
export function unknownFormat(accepted: readonly string[]): StatusError {
  const message = "the body of the request was in an unknown format - accepted media types include: ";
  return new StatusError(415, "UnsupportedMediaType", message + accepted.join(", "));
}

/** 415 for a form of patch that no kind knows. */
export function unsupportedMediaType(): StatusError {
  return new StatusError(415, "UnsupportedMediaType", "415: Unsupported Media Type", {});
}

/** 410: that state is no longer known. */
export function expired(message: string, continueToken?: string): StatusError {
  return new StatusError(
    410,
    "Expired",
    message,
    undefined,
    continueToken === undefined ? {} : { continue: continueToken },
  );
}

/** 504: that state is not known yet. */
export function tooLargeVersion(wanted: number, current: number): StatusError {
  return new StatusError(504, "Timeout", `Timeout: Too large resource version: ${wanted}, current: ${current}`, {
    causes: [{ reason: "ResourceVersionTooLarge", message: "Too large resource version" }],
    retryAfterSeconds: 1,
  });
}

/** 500 without a reason, as the real server answers where an error has no Status of its own. */
export function plainError(message: string): StatusError {
  return new StatusError(500, "", message);
}

/** 500 of a part that the server needs, such as a webhook or a node. */
export function internalError(message: string, cause?: unknown): StatusError {
  const details = { causes: [{ message }] };
  return new StatusError(500, "InternalError", `Internal error occurred: ${message}`, details, undefined, { cause });
}

/** 501: the real server could do this, this one cannot (yet). Better than a wrong answer. */
export function notSupported(what: string): StatusError {
  return new StatusError(501, "NotImplemented", `the in-memory API server does not support ${what}`);
}
