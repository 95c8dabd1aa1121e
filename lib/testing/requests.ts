import type { RequestOptions } from "../k8s/contract.ts";

/** What a request wants, in the words of RBAC. */
export type RequestVerb =
  | "get"
  | "list"
  | "watch"
  | "create"
  | "update"
  | "patch"
  | "delete"
  | "deletecollection"
  | "other";

/** A request of a process on a stage, and what became of it. */
export interface TestRequest {
  /** Position among all requests of the stage, from 0. */
  readonly number: number;
  /** Name of the process that sent it. */
  readonly process: string;
  /** How the connection introduced itself. */
  readonly userAgent: string;
  /** What it wants. */
  readonly verb: RequestVerb;
  /** API group; "" is the core group, and all that is no resource (such as discovery). */
  readonly group: string;
  /** Plural name; "" when the path is that of no resource. */
  readonly resource: string;
  /** "" for cluster-scoped objects and for all namespaces. */
  readonly namespace: string;
  /** "" for a whole collection. */
  readonly name: string;
  /** Such as "status"; "" for the object itself. */
  readonly subresource: string;
  /** Path from the server's root. */
  readonly path: string;
  /** Query parameters as they were sent, without "?". */
  readonly query: string;
  /** When it was sent: milliseconds since the Unix epoch, on the stage's clock. */
  readonly at: number;
  /** "pending" until it is answered; a watch is answered when it opens. */
  readonly outcome: "pending" | "answered" | "failed";
  /** Why it failed: an ApiError, a ConnectionError, or the reason of the signal that gave it up. */
  readonly error?: unknown;
}

/** Which requests: those for which all that is given holds. */
export interface RequestFilter {
  /** Name of the process, as it was started. */
  readonly process?: string | RegExp;
  /** How the connection introduced itself. */
  readonly userAgent?: string | RegExp;
  /** What it wants: one of these. */
  readonly verb?: RequestVerb | readonly RequestVerb[];
  /** A resource such as `secrets` of this package. */
  readonly resource?: ResourceName;
  /** "" for cluster-scoped objects and all namespaces. */
  readonly namespace?: string | RegExp;
  /** "" for whole collections. */
  readonly name?: string | RegExp;
  /** "" for requests of the objects themselves. */
  readonly subresource?: string;
  /** Only requests from this number on. See `TestStage.mark`. */
  readonly since?: number;
  /** Anything else. */
  readonly where?: (request: TestRequest) => boolean;
}

/** Group and plural name of a resource, as every `Resource` has them. */
export interface ResourceName {
  /** API group; "" is the core group. */
  readonly group: string;
  /** Plural name, such as `secrets`. */
  readonly plural: string;
}

/** Does the request pass the filter? */
export function matches(request: TestRequest, filter: RequestFilter): boolean {
  const { process, userAgent, verb, resource, namespace, name, subresource, since = 0, where } = filter;
  return request.number >= since && fits(request.process, process) && fits(request.userAgent, userAgent) &&
    (verb === undefined || [verb].flat().includes(request.verb)) &&
    (resource === undefined || (resource.group === request.group && resource.plural === request.resource)) &&
    fits(request.namespace, namespace) && fits(request.name, name) && fits(request.subresource, subresource) &&
    (where === undefined || where(request));
}

function fits(text: string, wanted: string | RegExp | undefined): boolean {
  return wanted === undefined || (typeof wanted === "string" ? text === wanted : text.search(wanted) >= 0);
}

/** What a request names and wants. */
export function describeRequest(
  request: RequestOptions,
): Pick<TestRequest, "verb" | "group" | "resource" | "namespace" | "name" | "subresource" | "path" | "query"> {
  const { method, path, querystring } = request;
  const common = { path, query: querystring?.toString() ?? "" };
  const [root, ...rest] = path.split("/").filter((part) => part !== "").map(decodeURIComponent);
  const [group = "", , ...parts] = root === "api" ? ["", ...rest] : rest;
  if ((root !== "api" && root !== "apis") || parts.length === 0) {
    return { ...common, verb: "other", group: "", resource: "", namespace: "", name: "", subresource: "" };
  }
  // What lies below a namespace, but for the subresources of the namespace itself.
  const [first, second = "", third] = parts;
  const within = first === "namespaces" && third !== undefined && !(third === "status" || third === "finalize");
  const [resource = "", name = "", subresource = ""] = within ? parts.slice(2) : parts;
  const namespace = within ? second : "";
  const verb = verbOf(method, name !== "", querystring?.get("watch") === "true");
  return { ...common, verb, group, resource, namespace, name, subresource };
}

function verbOf(method: RequestOptions["method"], named: boolean, watch: boolean): RequestVerb {
  switch (method) {
    case "GET":
      return watch ? "watch" : named ? "get" : "list";
    case "POST":
      return "create";
    case "PUT":
      return "update";
    case "PATCH":
      return "patch";
    case "DELETE":
      return named ? "delete" : "deletecollection";
    case "HEAD":
    case "OPTIONS":
      return "other";
  }
}
