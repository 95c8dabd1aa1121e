import type { ClientCertificate } from "../kubeconfig/cluster_access.ts";
import type { Transport, TransportOptions, TransportRequest } from "./transport.ts";

/** The runtime's own HTTP client: HTTP/2 where the server has it, pooled connections, proxies. */
export class FetchTransport implements Transport {
  readonly #options: TransportOptions;
  #client: Deno.HttpClient | undefined;
  #identity: ClientCertificate | undefined;
  #closed = false;

  constructor(options: TransportOptions) {
    this.#options = options;
  }

  send(request: TransportRequest, identity: ClientCertificate | undefined): Promise<Response> {
    const { method, url, headers, body, signal } = request;
    return fetch(url, {
      client: this.#clientFor(identity),
      method,
      headers,
      signal,
      // A redirect could carry the credentials elsewhere; the API server sends none.
      redirect: "manual",
      ...(body === undefined ? {} : { body }),
    });
  }

  renew(): void {
    // Only the pool goes: requests under way hold their connection themselves.
    this.#client?.close();
    this.#client = undefined;
  }

  close(): void {
    this.#closed = true;
    this.renew();
  }

  #clientFor(identity: ClientCertificate | undefined): Deno.HttpClient {
    if (this.#closed) throw new Error("the client is closed");
    const changed = identity?.certificate !== this.#identity?.certificate || identity?.key !== this.#identity?.key;
    if (changed) this.renew();
    this.#identity = identity;
    return this.#client ??= this.#create(identity);
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
