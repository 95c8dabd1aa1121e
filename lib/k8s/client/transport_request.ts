import type { RequestOptions } from "../contract.ts";
import { type ClusterAccess, CredentialsError, type UserIdentity } from "../kubeconfig/cluster_access.ts";
import type { Call } from "./call.ts";
import type { TransportRequest } from "./transport.ts";

/** Whom a request is from, and to. */
export interface Sender {
  readonly access: ClusterAccess;
  readonly userAgent: string;
  readonly identity: UserIdentity;
}

/**
 * What a transport sends for a request: URL, headers and body.
 * @throws TypeError when more than one body is given.
 * @throws CredentialsError when the credentials fit into no header.
 */
export function transportRequest(
  opts: RequestOptions,
  { access, userAgent, identity }: Sender,
  { signal, whenOver }: Pick<Call, "signal" | "whenOver">,
): TransportRequest {
  const url = new URL(`${access.server}${opts.path}`);
  if (opts.querystring !== undefined) url.search = opts.querystring.toString();
  const headers = new Headers({ "user-agent": userAgent });
  const accept = opts.accept ?? (opts.expectJson === true ? "application/json" : undefined);
  const contentType = opts.contentType ?? (opts.bodyJson === undefined ? undefined : "application/json");
  if (accept !== undefined) headers.set("accept", accept);
  if (contentType !== undefined) headers.set("content-type", contentType);
  if (access.disableCompression === true) headers.set("accept-encoding", "identity");
  if (identity.authorization !== undefined) setAuthorization(headers, identity.authorization, access.source);
  for (const [name, value] of access.impersonation ?? []) headers.append(name, value);
  const body = bodyOf(opts);
  const stream = opts.expectStream === true;
  return { method: opts.method, url, headers, signal, stream, whenOver, ...(body === undefined ? {} : { body }) };
}

function setAuthorization(headers: Headers, value: string, source: string): void {
  try {
    headers.set("authorization", value);
  } catch {
    // Without the cause, which quotes the token.
    throw new CredentialsError(
      `the credentials of ${source} cannot be sent: the token or password holds a line break or another character ` +
        "that no HTTP header may have: correct it",
    );
  }
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
