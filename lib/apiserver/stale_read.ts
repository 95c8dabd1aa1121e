import type { JSONObject, JSONValue, RequestOptions } from "../k8s/contract.ts";
import { ApiError, isExpired, isJsonObject } from "../k8s/errors.ts";
import { reasonOf } from "../k8s/status_reasons.ts";
import type { DirectAnswer, Intercept } from "./direct_client.ts";
import { parsePath, type Target } from "./request/request_info.ts";
import { StatusError } from "./status.ts";

/**
 * Answers a get or list from the state at `revision`, as far as the request allows it (Kubernetes documentation, "API
 * concepts", the tables of resourceVersion and resourceVersionMatch). What does not is passed on as it is, and so is
 * what reaches back further than the server's history.
 */
export async function readStale(
  request: RequestOptions,
  next: Parameters<Intercept>[1],
  revision: number,
): Promise<DirectAnswer> {
  const target = targetOf(request.path);
  if (request.method !== "GET" || target?.type !== "resource" || target.subresource !== undefined) return next(request);
  const query = request.querystring ?? new URLSearchParams();
  const { name } = target;
  const oldest = oldestAllowed(query, name !== undefined);
  if (oldest === undefined || oldest > revision) return next(request);
  const exact = new URLSearchParams(name === undefined ? query : { fieldSelector: `metadata.name=${name}` });
  exact.set("resourceVersion", String(revision));
  exact.set("resourceVersionMatch", "Exact");
  try {
    if (name === undefined) return await next({ ...request, querystring: exact });
    // The API has no exact get: the object is found in the list of those of its name.
    const { accept } = request;
    const list = await next({
      ...request,
      path: request.path.slice(0, request.path.lastIndexOf("/")),
      querystring: exact,
      ...(accept === undefined
        ? {}
        : { accept: accept.replace("as=PartialObjectMetadata;", "as=PartialObjectMetadataList;") }),
      expectJson: true,
    });
    const item = itemOf(list);
    if (item === undefined) {
      const message = `${target.plural} "${name}" not found`;
      throw new ApiError(`GET ${request.path}`, { code: 404, reason: reasonOf(404), message, causes: [] });
    }
    return request.expectJson === true ? item : new TextEncoder().encode(JSON.stringify(item));
  } catch (error) {
    if (isExpired(error)) return await next(request);
    throw error;
  }
}

/** Undefined for a path that the server will refuse. */
function targetOf(path: string): Target | undefined {
  try {
    return parsePath(path);
  } catch (error) {
    if (error instanceof StatusError) return undefined;
    throw error;
  }
}

/** The oldest state that the request may be answered from; undefined when it must be the latest or an exact one. */
function oldestAllowed(query: URLSearchParams, isGet: boolean): number | undefined {
  const version = query.get("resourceVersion") ?? "";
  const match = query.get("resourceVersionMatch") ?? "";
  const continues = (query.get("continue") ?? "") !== "" || query.get("watch") === "true";
  if (version === "" || match === "Exact" || continues) return undefined;
  // A page of a list at a version without a match means exactly that version.
  const isPage = !isGet && match === "" && version !== "0" && (query.get("limit") ?? "") !== "";
  return isPage ? undefined : Number(version);
}

/** The only item of a list, with the kind that lists leave out. */
function itemOf(list: DirectAnswer): JSONObject | undefined {
  const document: JSONValue = list instanceof Uint8Array || list instanceof ReadableStream ? undefined : list;
  if (!isJsonObject(document)) return undefined;
  const { apiVersion, kind, items } = document;
  const [item] = Array.isArray(items) ? items : [];
  if (!isJsonObject(item)) return undefined;
  return { apiVersion, kind: typeof kind === "string" ? kind.replace(/List$/, "") : kind, ...item };
}
