import type { UserInfo } from "../authentication/user_info.ts";
import type { Call } from "../request/call.ts";
import { parseBoolean } from "../request/list_options.ts";
import { parseLabelSelector, splitFieldSelector } from "../selectors.ts";
import { formatGroupResource } from "../../k8s/api/resource.ts";
import { StatusError } from "../status.ts";

/** A request for something of a resource, as it is authorized. */
export interface ResourceAttributes {
  readonly type: "resource";
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource: string;
  /** "": cluster-scoped, or all namespaces. */
  readonly namespace: string;
  /** "": none in particular. */
  readonly name: string;
}

/** A request for any other path. */
export interface PathAttributes {
  readonly type: "path";
  readonly verb: string;
  readonly path: string;
}

/** What somebody wants to do. */
export type Attributes = ResourceAttributes | PathAttributes;

/**
 * Reads what a request wants to do. It takes paths that nothing serves too: who may not ask is not told what there is.
 * @throws StatusError 400 for a path that is badly escaped
 */
export function attributesOf({ method, path, query }: Pick<Call, "method" | "path" | "query">): Attributes {
  const [root, ...rest] = path.split("/").filter((part) => part !== "").map(unescape);
  const [group, parts] = root === "api" ? ["", rest.slice(1)] : [rest[0] ?? "", rest.slice(2)];
  if ((root !== "api" && root !== "apis") || parts.length === 0) {
    return { type: "path", verb: method.toLowerCase(), path };
  }
  const special = parts[0] === "watch" || parts[0] === "proxy" ? parts[0] : undefined;
  const { namespace, resource, name, subresource } = placeOf(special === undefined ? parts : parts.slice(1));
  const attributes = { type: "resource", group, resource, subresource, namespace } as const;
  const verb = special ?? verbs[method];
  if (name !== "") return { ...attributes, verb, name };
  switch (verb) {
    case "get":
      return { ...attributes, verb: isWatch(query) ? "watch" : "list", name: selectedName(query) };
    case "watch":
      return { ...attributes, verb, name: selectedName(query) };
    case "delete":
      return { ...attributes, verb: "deletecollection", name };
    default:
      return { ...attributes, verb, name };
  }
}

const verbs: Readonly<Record<Call["method"], string>> = {
  GET: "get",
  HEAD: "get",
  POST: "create",
  PUT: "update",
  PATCH: "patch",
  DELETE: "delete",
  OPTIONS: "",
};

type Place = Pick<ResourceAttributes, "namespace" | "resource" | "name" | "subresource">;

function placeOf(parts: readonly string[]): Place {
  const [first = "", namespace = "", third] = parts;
  if (first !== "namespaces") return { namespace: "", ...named(parts) };
  // A namespace lies in itself.
  const isItself = third === undefined || third === "status" || third === "finalize";
  return { namespace, ...named(isItself ? parts : parts.slice(2)) };
}

function named([resource = "", name = "", subresource = ""]: readonly string[]): Omit<Place, "namespace"> {
  return { resource, name, subresource };
}

function unescape(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part; // Whoever routes the request refuses it.
  }
}

function isWatch(query: URLSearchParams): boolean {
  try {
    return parseBoolean(query.get("watch")) ?? false;
  } catch (error) {
    if (error instanceof StatusError) return true;
    throw error;
  }
}

/** A list of one object by its name is like a request for that object. */
function selectedName(query: URLSearchParams): string {
  try {
    const fields = splitFieldSelector(query.get("fieldSelector") ?? "");
    // Options that cannot be read are none.
    parseLabelSelector(query.get("labelSelector") ?? "");
    return fields.find(({ field, equal }) => field === "metadata.name" && equal)?.value ?? "";
  } catch (error) {
    if (error instanceof StatusError) return "";
    throw error;
  }
}

/** 403 for what a user may not do. `reason` is what the authorizer says of it. */
export function forbidden(user: UserInfo, attributes: Attributes, reason: string): StatusError {
  const who = `User ${JSON.stringify(user.username)} cannot ${attributes.verb}`;
  const why = reason === "" ? "" : `: ${reason}`;
  if (attributes.type === "path") {
    const message = `forbidden: ${who} path ${JSON.stringify(attributes.path)}${why}`;
    return new StatusError(403, "Forbidden", message, {});
  }
  const { group, resource, subresource, namespace, name } = attributes;
  const what = JSON.stringify(subresource === "" ? resource : `${resource}/${subresource}`);
  const where = namespace === "" ? "at the cluster scope" : `in the namespace ${JSON.stringify(namespace)}`;
  const which = `${formatGroupResource({ group, resource })}${name === "" ? "" : ` ${JSON.stringify(name)}`}`;
  const message = `${which} is forbidden: ${who} resource ${what} in API group ${JSON.stringify(group)} ${where}${why}`;
  return new StatusError(403, "Forbidden", message, {
    ...(name === "" ? {} : { name }),
    ...(group === "" ? {} : { group }),
    kind: resource,
  });
}
