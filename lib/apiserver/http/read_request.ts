import type { HttpMethods } from "../../k8s/contract.ts";
import type { UserInfo } from "../authentication/user_info.ts";
import type { Body, Call } from "../request/call.ts";
import { parseProtobuf } from "./protobuf.ts";
import { readBytes } from "./read_bytes.ts";
import { methodNotAllowed } from "../status.ts";

const decoder = new TextDecoder();

/** Longest body that is taken, in bytes, as in the real server. */
const longestBody = 3 * 1_024 * 1_024;

/** Media types of answers. */
export type MediaType = "application/json" | "application/yaml";

/** Reads a request. `signal` ends it. @throws StatusError 400, 405, 413, 415, 503 */
export async function readRequest(request: Request, url: URL, user: UserInfo, signal: AbortSignal): Promise<Call> {
  const { headers } = request;
  const method = methodOf(request.method);
  const [mediaType = ""] = (headers.get("content-type") ?? "").split(";");
  const contentType = mediaType.trim().toLowerCase();
  const accept = headers.get("accept") ?? "";
  return {
    method,
    path: url.pathname,
    query: url.searchParams,
    contentType,
    accept,
    body: method === "GET" ? undefined : await readBody(request, contentType, signal),
    user,
    userAgent: headers.get("user-agent") ?? "",
    signal,
  };
}

function methodOf(method: string): HttpMethods {
  switch (method) {
    case "GET":
    case "POST":
    case "PUT":
    case "PATCH":
    case "DELETE":
      return method;
    default:
      throw methodNotAllowed();
  }
}

/** The first media type in an Accept header that this server writes. JSON is the default. */
export function answersIn(accept: string): MediaType {
  for (const alternative of accept.split(",")) {
    const [type = ""] = alternative.split(";");
    if (/^(application\/json|application\/\*|\*\/\*)$/.test(type.trim())) return "application/json";
    if (type.trim() === "application/yaml") return "application/yaml";
  }
  return "application/json";
}

async function readBody(request: Request, contentType: string, signal: AbortSignal): Promise<Body> {
  const bytes = await readBytes(request, longestBody, signal);
  if (bytes.length === 0) return undefined;
  if (contentType === "application/vnd.kubernetes.protobuf") return { value: parseProtobuf(bytes) };
  const text = decoder.decode(bytes);
  // The types of patches are known to the handler.
  if (request.method === "PATCH") return { text };
  switch (contentType) {
    case "":
    case "application/json":
    case "application/yaml":
      return { text };
    default:
      // Whether the client may write at all comes first.
      return { unreadable: contentType };
  }
}
