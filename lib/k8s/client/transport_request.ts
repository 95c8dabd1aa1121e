import type { RequestOptions } from "../contract.ts";
import type { Call } from "./call.ts";
import type { Header } from "./common_headers.ts";
import type { TransportRequest } from "./transport.ts";

/**
 * What a transport sends for a request: URL, headers and body. The URL stays text and the headers stay pairs until the
 * runtime takes them: to make objects of them first costs as much as the rest of a request's preparation.
 * @param server URL of the API server, without a slash at its end.
 * @param common headers that all requests have.
 * @throws TypeError when more than one body is given.
 */
export function transportRequest(
  opts: RequestOptions,
  server: string,
  common: readonly Header[],
  { signal, whenOver }: Pick<Call, "signal" | "whenOver">,
): TransportRequest {
  const { method, path, querystring, expectJson, expectStream, bodyJson } = opts;
  const query = querystring === undefined ? "" : querystring.toString();
  const url = query === "" ? `${server}${path}` : `${server}${path}?${query}`;
  const headers = [...common];
  const accept = opts.accept ?? (expectJson === true ? "application/json" : undefined);
  const contentType = opts.contentType ?? (bodyJson === undefined ? undefined : "application/json");
  if (accept !== undefined) headers.push(["accept", accept]);
  if (contentType !== undefined) headers.push(["content-type", contentType]);
  const body = bodyOf(opts);
  const stream = expectStream === true;
  return { method, url, headers, signal, stream, whenOver, ...(body === undefined ? {} : { body }) };
}

const encoder = new TextEncoder();

function bodyOf(
  { method, path, bodyRaw, bodyJson, bodyStream }: RequestOptions,
): Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> | undefined {
  const bodies = [bodyRaw, bodyJson, bodyStream].filter((body) => body !== undefined);
  if (bodies.length > 1) {
    throw new TypeError(`${method} ${path}: give only one of bodyRaw, bodyJson and bodyStream`);
  }
  if (bodyJson !== undefined) return encoder.encode(JSON.stringify(bodyJson));
  // Bytes in shared memory are copied: the transports take only unshared ones.
  if (bodyRaw !== undefined) return isUnshared(bodyRaw) ? bodyRaw : new Uint8Array(bodyRaw);
  return bodyStream;
}

function isUnshared(bytes: Uint8Array): bytes is Uint8Array<ArrayBuffer> {
  return bytes.buffer instanceof ArrayBuffer;
}
