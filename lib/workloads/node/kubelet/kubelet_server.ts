import { timingSafeEqual } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import { TLSSocket } from "node:tls";

/** How the kubelet's server proves who it is, and who may ask it. */
export interface KubeletServing {
  /** Serving certificate for 127.0.0.1 and its key, PEM. API servers verify it with --kubelet-certificate-authority. */
  readonly certificate: string;
  readonly key: string;
  /** Authority of the API server's client certificate (--kubelet-client-certificate), PEM. */
  readonly clientAuthority?: string;
  /** Common names of client certificates that are let in. @default none */
  readonly clientNames?: readonly string[];
  /** Bearer tokens that are let in, for an API server of the same process. @default none */
  readonly tokens?: readonly string[];
}

/** A server that listens on the loopback interface. */
export interface KubeletServer {
  readonly port: number;
  /** Cuts all connections and stops to listen. */
  close(): Promise<void>;
}

/** Starts a server; injected, so that tests need no sockets. */
export type ServeKubelet = (
  serving: KubeletServing,
  handler: (request: Request) => Promise<Response>,
) => Promise<KubeletServer>;

const loopback = "127.0.0.1";

/**
 * Serves the kubelet's API on a free port of the loopback interface. Logs may hold secrets, and on a shared machine
 * everybody reaches the loopback interface: whoever shows neither a client certificate with one of the names nor one
 * of the tokens gets 401. node:https is used because Deno.serve does not ask for client certificates.
 */
export async function serveKubelet(
  serving: KubeletServing,
  handler: (request: Request) => Promise<Response>,
): Promise<KubeletServer> {
  const { certificate, key, clientAuthority } = serving;
  const options = {
    cert: certificate,
    key,
    // Who has no certificate may have a token, so the connection is let in and the request judged.
    ...(clientAuthority === undefined ? {} : { requestCert: true, rejectUnauthorized: false, ca: clientAuthority }),
  };
  const server = createServer(options, (request, response) => {
    void answer(serving, handler, request, response);
  });
  const listening = Promise.withResolvers<void>();
  server.on("error", listening.reject);
  server.listen(0, loopback, () => listening.resolve());
  await listening.promise;
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the kubelet server has no port");
  return {
    port: address.port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(
  serving: KubeletServing,
  handler: (request: Request) => Promise<Response>,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const gone = new AbortController();
  outgoing.on("close", () => gone.abort());
  outgoing.on("error", () => gone.abort());
  try {
    if (!isAllowed(serving, incoming)) {
      outgoing.writeHead(401, { "content-type": "text/plain" }).end("Unauthorized\n");
      return;
    }
    const url = new URL(incoming.url ?? "/", "https://kubelet");
    const response = await handler(new Request(url, { method: incoming.method ?? "GET", signal: gone.signal }));
    outgoing.writeHead(response.status, Object.fromEntries(response.headers));
    // A follower shall see that it is connected before the first line comes.
    outgoing.flushHeaders();
    if (response.body === null) outgoing.end();
    else for await (const chunk of response.body) await write(outgoing, chunk, gone.signal);
    outgoing.end();
  } catch {
    // The client went away, or the answer broke off: cut, so that nobody takes it for complete.
    outgoing.destroy();
  }
}

/** Writes as fast as the client reads. */
function write(outgoing: ServerResponse, chunk: Uint8Array, gone: AbortSignal): Promise<void> {
  gone.throwIfAborted();
  if (chunk.length === 0 || outgoing.write(chunk)) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const aborted = (): void => reject(gone.reason);
    gone.addEventListener("abort", aborted, { once: true });
    outgoing.once("drain", () => {
      gone.removeEventListener("abort", aborted);
      resolve();
    });
  });
}

function isAllowed({ clientNames = [], tokens = [] }: KubeletServing, { socket, headers }: IncomingMessage): boolean {
  const [, token] = /^Bearer +(\S+)$/i.exec(headers.authorization ?? "") ?? [];
  if (token !== undefined && tokens.some((known) => isEqual(known, token))) return true;
  if (!(socket instanceof TLSSocket) || !socket.authorized) return false;
  const { CN } = socket.getPeerCertificate().subject ?? {};
  return typeof CN === "string" && clientNames.includes(CN);
}

/** Takes as long for every wrong token of the same length. */
function isEqual(a: string, b: string): boolean {
  const encoder = new TextEncoder();
  const left = encoder.encode(a);
  const right = encoder.encode(b);
  return left.length === right.length && timingSafeEqual(left, right);
}
