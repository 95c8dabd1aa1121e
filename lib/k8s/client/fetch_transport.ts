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
    const { method, url, headers, body, signal } = request;
    this.#identify(identity);
    return fetch(url, {
      client: request.stream === true ? this.#streamClient(request) : this.#client ??= this.#create(identity),
      method,
      headers,
      signal,
      // A redirect could carry the credentials elsewhere; the API server sends none.
      redirect: "manual",
      ...(body === undefined ? {} : { body }),
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

function proxyOf(text: string): Deno.Proxy {
  const url = new URL(text);
  const { username, password } = url;
  url.username = "";
  url.password = "";
  const basicAuth = { username: decodeURIComponent(username), password: decodeURIComponent(password) };
  return { url: url.href, ...(username === "" ? {} : { basicAuth }) };
}
