import type { IncomingMessage } from "node:http";
import type { Agent } from "node:https";
import { isIP } from "node:net";
import process from "node:process";
import type { PeerCertificate } from "node:tls";
import type { ClientCertificate } from "../kubeconfig/cluster_access.ts";
import type { Transport, TransportOptions, TransportRequest } from "./transport.ts";

/**
 * Few need it, and all would pay for it at their start. Nothing is waited for, as nothing may come between a fence that
 * was asked and the request that it let through.
 */
function https(): typeof import("node:https") {
  return process.getBuiltinModule("node:https");
}

/**
 * HTTP/1.1 over node:https, for the two settings that the runtime's own client does not have: a server name of one's
 * own, and no verification at all.
 */
export class NodeTransport implements Transport {
  readonly #options: TransportOptions;
  #agent: Agent | undefined;
  #identity: ClientCertificate | undefined;
  #closed = false;

  /** @throws TypeError when a proxy is configured, which this transport cannot use. */
  constructor(options: TransportOptions) {
    if (options.proxyUrl !== undefined) {
      throw new TypeError("proxy-url does not work together with tls-server-name or insecure-skip-tls-verify");
    }
    this.#options = options;
  }

  send(request: TransportRequest, identity: ClientCertificate | undefined): Promise<Response> {
    const { method, url, headers, body, signal } = request;
    const agent = this.#agentFor(identity);
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const framing = body instanceof Uint8Array
        ? { "content-length": String(body.byteLength) }
        // Without it the body of a DELETE would go unframed and be taken for the next request.
        : body === undefined
        ? {}
        : { "transfer-encoding": "chunked" };
      const outgoing = https().request(url, {
        method,
        headers: { ...Object.fromEntries(new Headers(headers)), ...framing },
        agent,
      });
      const aborted = (): void => void outgoing.destroy(signal.reason);
      signal.addEventListener("abort", aborted, { once: true });
      const ended = (): void => signal.removeEventListener("abort", aborted);
      // Stays for the time after the answer's head: an error then reaches the reader through the body.
      outgoing.on("error", (error) => {
        ended();
        reject(signal.aborted ? signal.reason : error);
      });
      outgoing.on("response", (incoming) => resolve(toResponse(incoming, signal, ended)));
      void sendBody(outgoing, body).catch((error) => outgoing.destroy(error));
    });
  }

  renew(): void {
    const agent = this.#agent;
    this.#agent = undefined;
    if (agent === undefined) return;
    // Idle connections only: destroy() would break the requests under way.
    for (const sockets of Object.values(agent.freeSockets)) for (const socket of sockets ?? []) socket.destroy();
    agent.maxFreeSockets = 0;
  }

  close(): void {
    this.#closed = true;
    const agent = this.#agent;
    this.#agent = undefined;
    agent?.destroy();
  }

  #agentFor(identity: ClientCertificate | undefined): Agent {
    if (this.#closed) throw new Error("the client is closed");
    const changed = identity?.certificate !== this.#identity?.certificate || identity?.key !== this.#identity?.key;
    if (changed) this.renew();
    this.#identity = identity;
    return this.#agent ??= this.#create(identity);
  }

  #create(identity: ClientCertificate | undefined): Agent {
    const { certificateAuthority, tlsServerName, insecureSkipTlsVerify } = this.#options;
    return new (https().Agent)({
      keepAlive: true,
      rejectUnauthorized: insecureSkipTlsVerify !== true,
      // Who verifies nothing needs no authorities: for the machine's own the program would need --allow-sys=ca.
      ...(insecureSkipTlsVerify === true ? { ca: [] } : {}),
      ...(certificateAuthority === undefined ? {} : { ca: certificateAuthority }),
      ...(tlsServerName === undefined ? {} : nameCheck(tlsServerName)),
      ...(identity === undefined ? {} : { cert: identity.certificate, key: identity.key }),
    });
  }
}

/** TLS does not send addresses as server names, but a certificate may be checked against one. */
function nameCheck(name: string): object {
  if (isIP(name) === 0) return { servername: name };
  const check = (_host: string, certificate: PeerCertificate): Error | undefined =>
    process.getBuiltinModule("node:tls").checkServerIdentity(name, certificate);
  return { servername: "", checkServerIdentity: check };
}

interface Writable {
  write(chunk: Uint8Array, done: (error?: Error | null) => void): boolean;
  end(): unknown;
}

async function sendBody(outgoing: Writable, body: TransportRequest["body"]): Promise<void> {
  const chunks = body instanceof Uint8Array ? [body] : body ?? [];
  for await (const chunk of chunks) {
    await new Promise<void>((resolve, reject) => outgoing.write(chunk, (error) => error ? reject(error) : resolve()));
  }
  outgoing.end();
}

function toResponse(incoming: IncomingMessage, signal: AbortSignal, ended: () => void): Response {
  const headers = new Headers();
  for (const [name, value] of Object.entries(incoming.headers)) {
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(", ") : value);
  }
  const status = incoming.statusCode ?? 500;
  const body = toStream(incoming, signal, ended);
  // The standard allows no body with these.
  return status === 204 || status === 304
    ? (incoming.resume(), new Response(null, { status, headers }))
    : new Response(body, { status, headers });
}

function toStream(
  incoming: IncomingMessage,
  signal: AbortSignal,
  ended: () => void,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  let open = true;
  function settle(finish: () => void): void {
    if (!open) return;
    open = false;
    ended();
    finish();
  }
  return new ReadableStream<Uint8Array<ArrayBuffer>>({
    start(controller): void {
      incoming.pause();
      incoming.on("data", (chunk: Uint8Array<ArrayBuffer>) => {
        if (!open) return;
        controller.enqueue(new Uint8Array(chunk));
        if ((controller.desiredSize ?? 0) <= 0) incoming.pause();
      });
      const fail = (error: unknown): void => settle(() => controller.error(signal.aborted ? signal.reason : error));
      incoming.on("end", () => settle(() => controller.close()));
      incoming.on("error", fail);
      incoming.on("close", () => fail(new Error("the server closed the connection in the middle of its answer")));
    },
    pull: () => void incoming.resume(),
    cancel: () => settle(() => void incoming.destroy()),
  }, { highWaterMark: 1 });
}
