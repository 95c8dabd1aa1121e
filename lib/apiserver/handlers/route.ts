import { requestToken } from "../authentication/token_requests.ts";
import type { Context } from "../context.ts";
import { answerReview } from "../rbac/answer_review.ts";
import { isReview } from "../rbac/reviews.ts";
import type { Answer, Call } from "../request/call.ts";
import { parsePath, type Target } from "../request/request_info.ts";
import type { ServedResource } from "../resources/served_resource.ts";
import { type SubresourceName, subresourcesOf } from "../resources/subresources.ts";
import { methodNotAllowed, noSuchPath, notSupported, pageNotFound, StatusError } from "../status.ts";
import { bindPod } from "./binding.ts";
import { createObject } from "./create.ts";
import { discoveryDocument } from "./discovery.ts";
import { evictPod } from "./eviction.ts";
import { readLog } from "./log.ts";
import { openApiDocument } from "./openapi.ts";
import { patchObject } from "./patch.ts";
import { getObject, listOrWatch } from "./read.ts";
import { deleteCollection, deleteObject } from "./remove.ts";
import { replaceObject } from "./replace.ts";
import { scaleObject } from "./scale.ts";

/** Answers a request. @throws StatusError for a refusal */
export function route(context: Context, call: Call): Answer | Promise<Answer> {
  const warnings = new Set<string>();
  try {
    const answer = dispatch(context, { ...call, warn: (warning) => warnings.add(warning) });
    if (!(answer instanceof Promise)) return warned(answer, warnings);
    return answer.then((value) => warned(value, warnings), (error) => refused(error, warnings));
  } catch (error) {
    return refused(error, warnings);
  }
}

function warned(answer: Answer, warnings: ReadonlySet<string>): Answer {
  if (warnings.size === 0 || answer.type !== "value") return answer;
  return { ...answer, warnings: [...new Set([...answer.warnings ?? [], ...warnings])] };
}

function refused(error: unknown, warnings: ReadonlySet<string>): never {
  if (error instanceof StatusError) error.warnings = [...warnings];
  throw error;
}

function dispatch(context: Context, call: Call): Answer | Promise<Answer> {
  const target = parsePath(call.path);
  if (target.type === "document") return document(context, call, target.path);
  const { group, version, plural, namespace, name, subresource } = target;
  if (group === "" && version === "v1" && plural === "bindings" && namespace !== undefined && name === undefined) {
    if (call.method !== "POST") throw methodNotAllowed();
    return bindPod(context, call, namespace, undefined);
  }
  const resource = context.registry.find(group, version, plural);
  if (resource === undefined) throw nothingThere(context, group);
  if (resource.warning !== undefined) call.warn?.(resource.warning);
  // A path without a namespace means all of them, so it cannot name an object; and cluster-scoped ones have none.
  if (namespace !== undefined && !resource.namespaced) throw noSuchPath();
  if (resource.namespaced && namespace === undefined && name !== undefined) throw noSuchPath();
  if (isReview(resource)) return answerReview(context, call, resource, { namespace, name });
  if (name === undefined) return collection(context, call, resource, namespace);
  return object(context, call, resource, { ...target, name }, subresourceOf(resource, subresource));
}

/** Subresources that the real server has, and this one has not. */
const unknown: ReadonlySet<string> = new Set([
  "finalize",
  "exec",
  "attach",
  "portforward",
  "proxy",
  "ephemeralcontainers",
  "resize",
  "approval",
]);

/** @throws StatusError 404, 501 */
function subresourceOf(resource: ServedResource, name: string | undefined): SubresourceName | undefined {
  if (name === undefined) return undefined;
  const found = subresourcesOf(resource).find((each) => each.name === name);
  if (found !== undefined) return found.name;
  if (resource.custom !== true && unknown.has(name)) {
    throw notSupported(`the subresource ${resource.plural}/${name}`);
  }
  throw noSuchPath();
}

function collection(
  context: Context,
  call: Call,
  resource: ServedResource,
  namespace: string | undefined,
): Answer | Promise<Answer> {
  switch (call.method) {
    case "GET":
      return listOrWatch(context, call, resource, namespace);
    case "POST":
      return createObject(context, call, resource, namespace);
    case "DELETE":
      // Only within one namespace, lest a slip deletes everything.
      if (resource.namespaced && namespace === undefined) throw methodNotAllowed();
      if (resource.group === "" && resource.plural === "namespaces") throw methodNotAllowed();
      return deleteCollection(context, call, resource, namespace);
    default:
      throw methodNotAllowed();
  }
}

function object(
  context: Context,
  call: Call,
  resource: ServedResource,
  { namespace, name }: Extract<Target, { type: "resource" }> & { name: string },
  subresource: SubresourceName | undefined,
): Answer | Promise<Answer> {
  switch (subresource) {
    case "binding":
    case "eviction":
      if (call.method !== "POST" || namespace === undefined) throw methodNotAllowed();
      return (subresource === "binding" ? bindPod : evictPod)(context, call, namespace, name);
    case "log":
      if (call.method !== "GET" || namespace === undefined) throw methodNotAllowed();
      return readLog(context, call, namespace, name);
    case "token":
      if (namespace === undefined) throw methodNotAllowed();
      return requestToken(context, call, namespace, name);
    case "scale":
      return scaleObject(context, call, resource, namespace, name);
    case "status":
    case undefined:
      return ownObject(context, call, resource, namespace, name, subresource);
  }
}

function ownObject(
  context: Context,
  call: Call,
  resource: ServedResource,
  namespace: string | undefined,
  name: string,
  subresource: "status" | undefined,
): Answer | Promise<Answer> {
  switch (call.method) {
    case "GET":
      return getObject(context, call, resource, namespace, name);
    case "PUT":
      return replaceObject(context, call, resource, namespace, name, subresource);
    case "PATCH":
      return patchObject(context, call, resource, namespace, name, subresource);
    case "DELETE":
      if (subresource !== undefined) throw methodNotAllowed();
      return deleteObject(context, call, resource, namespace, name);
    default:
      throw methodNotAllowed();
  }
}

function document(context: Context, call: Call, path: string): Answer {
  if (call.method !== "GET" && isKnownDocument(path)) throw methodNotAllowed();
  if (path === "/version") return { type: "value", code: 200, value: { ...versionInfo } };
  if (path === "/readyz" || path === "/livez" || path === "/healthz") return { type: "text", code: 200, text: "ok" };
  const value = discoveryDocument(path, call.accept, context.registry) ?? openApiDocument(path, context);
  const [, root, group = "", ...more] = path.split("/");
  if (value === undefined || call.method !== "GET") {
    // Below /api, and in groups of the server's own, somebody looks for what is not there.
    throw nothingThere(context, root === "api" ? "" : root === "apis" && more.length > 0 ? group : undefined);
  }
  return { type: "value", code: 200, value };
}

function isKnownDocument(path: string): boolean {
  return /^\/(version|readyz|livez|healthz|apis?)(\/|$)/.test(path);
}

/** 404: by the handler of a group of the server's own, or in plain text where there is none for a path. */
function nothingThere({ registry }: Context, group: string | undefined): StatusError {
  const isKnown = registry.all().some((resource) => resource.group === group && resource.custom !== true);
  return isKnown ? noSuchPath() : pageNotFound();
}

/** The version whose behaviour this server follows; the tree state says what it is. */
const versionInfo = {
  major: "1",
  minor: "36",
  emulationMajor: "1",
  emulationMinor: "36",
  minCompatibilityMajor: "1",
  minCompatibilityMinor: "35",
  gitVersion: "v1.36.3",
  gitCommit: "unknown",
  gitTreeState: "in-memory",
  buildDate: "1970-01-01T00:00:00Z",
  goVersion: "none",
  compiler: "none",
  platform: "deno/any",
};
