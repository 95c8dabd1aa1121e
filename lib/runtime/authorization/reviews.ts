import { isJsonObject } from "../../k8s/errors.ts";
import type { JSONObject, JSONValue, RestClient } from "../../k8s/contract.ts";

/** Who sent a request, as the API server knows it (`authentication.k8s.io/v1`, UserInfo). */
export interface User {
  readonly name: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

/** An answer of the API server to a review is not one. */
export class ReviewError extends Error {
  /** Tells it from other errors. */
  override readonly name = "ReviewError";
}

/**
 * Asks the API server whose token it is; undefined when it knows none of that name.
 * @throws ApiError when the API server does not answer, ReviewError when the answer makes no sense.
 */
export async function reviewToken(client: RestClient, token: string, signal: AbortSignal): Promise<User | undefined> {
  const answer = await create(client, "authentication.k8s.io", "TokenReview", { token }, signal);
  // status.error tells why a token is no good: for whoever sent it that is all the same.
  if (answer["authenticated"] !== true) return undefined;
  const user = answer["user"];
  const name = isJsonObject(user) ? user["username"] : undefined;
  if (!isJsonObject(user) || typeof name !== "string" || name === "") {
    throw new ReviewError("the API server authenticates a token without naming its user");
  }
  const uid = user["uid"];
  const extra = isJsonObject(user["extra"]) ? user["extra"] : {};
  return {
    name,
    ...(typeof uid === "string" ? { uid } : {}),
    groups: strings(user["groups"]),
    extra: Object.fromEntries(Object.entries(extra).map(([key, values]) => [key, strings(values)])),
  };
}

/**
 * Asks the API server whether a user may do something with a path that stands for no resource.
 * @throws ApiError when the API server does not answer.
 */
export async function reviewAccess(
  client: RestClient,
  user: User,
  verb: string,
  path: string,
  signal: AbortSignal,
): Promise<boolean> {
  const { name, uid, groups, extra } = user;
  const answer = await create(client, "authorization.k8s.io", "SubjectAccessReview", {
    user: name,
    ...(uid === undefined ? {} : { uid }),
    groups: [...groups],
    extra: Object.fromEntries(Object.entries(extra).map(([key, values]) => [key, [...values]])),
    nonResourceAttributes: { path, verb },
  }, signal);
  return answer["allowed"] === true && answer["denied"] !== true;
}

/** Something that a user may want to do with the objects of a resource. */
export interface ResourceAccess {
  /** Such as "list". */
  readonly verb: string;
  /** API group; "" for the core group. */
  readonly group: string;
  /** Plural name. */
  readonly resource: string;
  /** One namespace. @default all of them, and cluster-scoped objects */
  readonly namespace?: string | undefined;
  /** One object. @default all of them */
  readonly name?: string;
}

/**
 * Asks the API server whether we ourselves may do something.
 * @throws ApiError when the API server does not answer, ReviewError when the answer makes no sense.
 */
export async function reviewOwnAccess(
  client: RestClient,
  { verb, group, resource, namespace = "", name }: ResourceAccess,
  signal: AbortSignal,
): Promise<boolean> {
  const attributes = { verb, group, resource, ...(namespace === "" ? {} : { namespace }), ...(name ? { name } : {}) };
  const spec = { resourceAttributes: attributes };
  const answer = await create(client, "authorization.k8s.io", "SelfSubjectAccessReview", spec, signal);
  return answer["allowed"] === true && answer["denied"] !== true;
}

/** Sends a review and gives its status. Reviews are only questions: nothing is stored. */
async function create(
  client: RestClient,
  group: string,
  kind: string,
  spec: JSONObject,
  abortSignal: AbortSignal,
): Promise<JSONObject> {
  const answer = await client.performRequest({
    method: "POST",
    path: `/apis/${group}/v1/${kind.toLowerCase()}s`,
    bodyJson: { apiVersion: `${group}/v1`, kind, spec },
    expectJson: true,
    abortSignal,
  });
  const status = isJsonObject(answer) ? answer["status"] : undefined;
  if (!isJsonObject(status)) throw new ReviewError(`the API server answers a ${kind} without status`);
  return status;
}

function strings(value: JSONValue): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}
