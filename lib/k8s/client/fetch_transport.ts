import { bytesInPieces, helpsInPieces } from "../../util/in_pieces.ts";
import type { ClientCertificate } from "../kubeconfig/cluster_access.ts";
import type { Transport, TransportOptions, TransportRequest } from "./transport.ts";

/** A pool of connections, one for HTTP/2, and how many streams it carries. */
interface StreamPool {
  readonly client: Deno.HttpClient;
  streams: number;
}

/**
 * Streams on one HTTP/2 connection. The API server takes at most 100 requests at a time on each, and what is beyond
 * waits without a word: 100 watches would keep every other request from being sent.
 */
const maxStreams = 50;

/**
 * The runtime's own HTTP client: HTTP/2 where the server has it, pooled connections, proxies. Answers that go on for long
 * have connections of their own.
 */
export class FetchTransport implements Transport {
  readonly #options: TransportOptions;
  #client: Deno.HttpClient | undefined;
  #pools: StreamPool[] = [];
  #identity: ClientCertificate | undefined;
  #closed = false;

  constructor(options: TransportOptions) {
    this.#options = options;
  }

  send(request: TransportRequest, identity: ClientCertificate | undefined): Promise<Response> {
    const { url, body } = request;
    this.#identify(identity);
    const client = request.stream === true ? this.#streamClient(request) : this.#client ??= this.#create(identity);
    const waits = this.#options.http2 !== false && /^https:/i.test(url);
    if (!waits || !(body instanceof Uint8Array) || !helpsInPieces(body.length)) return exchange(client, request, body);
    return exchange(client, request, bytesInPieces(body)).catch((error) => {
      // The runtime sends such requests once more by itself, but not those whose body is a stream.
      if (request.signal.aborted || !isUnprocessed(error)) throw error;
      return exchange(client, request, body);
    });
  }

  renew(): void {
    // Only the pools go: requests under way hold their connections themselves.
    this.#client?.close();
    this.#client = undefined;
    for (const { client } of this.#pools) client.close();
    this.#pools = [];
  }

  close(): void {
    this.#closed = true;
    this.renew();
  }

  #identify(identity: ClientCertificate | undefined): void {
    if (this.#closed) throw new Error("the client is closed");
    const changed = identity?.certificate !== this.#identity?.certificate || identity?.key !== this.#identity?.key;
    if (changed) this.renew();
    this.#identity = identity;
  }

  #streamClient(request: TransportRequest): Deno.HttpClient {
    let pool = this.#pools.find(({ streams }) => streams < maxStreams);
    if (pool === undefined) {
      pool = { client: this.#create(this.#identity), streams: 0 };
      this.#pools.push(pool);
    }
    const used = pool;
    used.streams++;
    request.whenOver(() => used.streams--);
    return used.client;
  }

  #create(identity: ClientCertificate | undefined): Deno.HttpClient {
    const { certificateAuthority, proxyUrl, http2 = true } = this.#options;
    const options = {
      http2,
      ...(certificateAuthority === undefined ? {} : { caCerts: [certificateAuthority] }),
      ...(proxyUrl === undefined ? {} : { proxy: proxyOf(proxyUrl) }),
    };
    return Deno.createHttpClient(
      identity === undefined ? options : { ...options, cert: identity.certificate, key: identity.key },
    );
  }
}

function exchange(
  client: Deno.HttpClient,
  { method, url, headers, signal }: TransportRequest,
  body: TransportRequest["body"],
): Promise<Response> {
  // A redirect could carry the credentials elsewhere; the API server sends none.
  const options = { client, method, headers, signal, redirect: "manual" } as const;
  return fetch(url, body === undefined ? options : { ...options, body });
}

/** Did the server refuse it unread, or leave it with a connection that it is closing (RFC 9113, 6.8 and 8.7)? */
function isUnprocessed(error: unknown): boolean {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : "";
  return cause === "stream error received: refused stream before processing any application logic" ||
    cause === "connection error received: not a result of an error";
}

function proxyOf(text: string): Deno.Proxy {
  const url = new URL(text);
  const { username, password } = url;
  url.username = "";
  url.password = "";
  const basicAuth = { username: decodeURIComponent(username), password: decodeURIComponent(password) };
  return { url: url.href, ...(username === "" ? {} : { basicAuth }) };
}
