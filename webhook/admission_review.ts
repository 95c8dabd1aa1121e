import type { GroupResource } from "../lib/k8s/api/resource.ts";

/** A JSON object of which nothing is known yet. */
export type JsonObject = { readonly [field: string]: unknown };

/** What the handler needs of an AdmissionReview (`admission.k8s.io`, v1 and v1beta1). The object stays unchecked. */
export interface AdmissionRequest {
  readonly uid: string;
  /** "CREATE", "UPDATE", "DELETE" or "CONNECT"; "" when the request does not say. */
  readonly operation: string;
  /** Undefined when the request does not say. */
  readonly resource: GroupResource | undefined;
  /** Is it about a part of the object, such as its status or scale? */
  readonly subresource: boolean;
  /** Namespace of the object; "" for a cluster-scoped one. */
  readonly namespace: string;
  readonly object: JsonObject | undefined;
  readonly oldObject: JsonObject | undefined;
  readonly dryRun: boolean;
}

/** The envelope of a review; the answer comes in the same one. */
export interface Envelope {
  readonly apiVersion: string;
  readonly kind: "AdmissionReview";
}

/** A review that can be answered, or why not. */
export type DecodedReview =
  | { readonly type: "review"; readonly envelope: Envelope; readonly request: AdmissionRequest }
  | { readonly type: "malformed"; readonly problem: string };

/** One operation of a JSON patch (RFC 6902); we only ever add. */
export interface AddOperation {
  readonly op: "add";
  readonly path: string;
  readonly value: unknown;
}

const versions = ["admission.k8s.io/v1", "admission.k8s.io/v1beta1"];

/** Reads a review. Only what is needed to answer it must be right; odd fields beyond that count as absent. */
export function decodeReview(body: unknown): DecodedReview {
  if (!isObject(body)) return malformed("the body is not a JSON object");
  const { apiVersion, kind, request } = body;
  if (kind !== "AdmissionReview") return malformed(`kind must be AdmissionReview, it is ${quote(kind)}`);
  if (typeof apiVersion !== "string" || !versions.includes(apiVersion)) {
    return malformed(`apiVersion must be ${versions.join(" or ")}, it is ${quote(apiVersion)}`);
  }
  if (!isObject(request)) return malformed("request is missing");
  const uid = request["uid"];
  if (typeof uid !== "string" || uid === "") return malformed("request.uid is missing");
  return {
    type: "review",
    envelope: { apiVersion, kind },
    request: {
      uid,
      operation: stringOr(request["operation"], ""),
      resource: resourceOf(request["resource"]),
      subresource: isSet(request["subResource"]) || isSet(request["requestSubResource"]),
      namespace: stringOr(request["namespace"], ""),
      object: objectOr(request["object"]),
      oldObject: objectOr(request["oldObject"]),
      dryRun: request["dryRun"] === true,
    },
  };
}

/**
 * The answer that lets a request pass as it is.
 * @param reason becomes `status.message`: for whoever looks at the answer itself, as the API server does not.
 */
export function encodePass({ apiVersion, kind }: Envelope, uid: string, reason: string): string {
  const response = { uid, allowed: true, status: { code: 200, message: reason } };
  return JSON.stringify({ apiVersion, kind, response });
}

/**
 * The answer that lets a request pass, changed by `patch`. It says nothing else, so that it is short: the usual one then
 * costs 40 % less (see `app.ts`).
 */
export function encodePatch(
  { apiVersion, kind }: Envelope,
  uid: string,
  patch: readonly AddOperation[],
): string {
  const response = { uid, allowed: true, patchType: "JSONPatch", patch: base64(JSON.stringify(patch)) };
  return JSON.stringify({ apiVersion, kind, response });
}

/** Is this a JSON object, not an array? */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Base64 of JSON, of which all but ASCII is escaped: to make bytes of it costs ten times as much as btoa(). */
function base64(json: string): string {
  return btoa(json.replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`));
}

function resourceOf(value: unknown): GroupResource | undefined {
  if (!isObject(value)) return undefined;
  const { group = "", resource } = value;
  return typeof group === "string" && typeof resource === "string" ? { group, resource } : undefined;
}

/** A subresource that is not absent counts, whatever it is: leaving an object alone does no harm. */
function isSet(value: unknown): boolean {
  return value !== undefined && value !== null && value !== "";
}

function stringOr(value: unknown, otherwise: string): string {
  return typeof value === "string" ? value : otherwise;
}

function objectOr(value: unknown): JsonObject | undefined {
  return isObject(value) ? value : undefined;
}

/** For a problem's text. What is no text may be of any size, and is not shown. */
function quote(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.slice(0, 100));
  return value === undefined ? "missing" : `of type ${value === null ? "null" : typeof value}`;
}

function malformed(problem: string): DecodedReview {
  return { type: "malformed", problem };
}
