import { Buffer } from "node:buffer";
import type { JSONObject, JSONValue } from "../../k8s/contract.ts";
import { NodeTransport } from "../../k8s/client/node_transport.ts";
import type { CallWebhook } from "../admission/webhook_caller.ts";
import { objectAt, stringAt } from "../json.ts";

/** Where a port of a Service is answered. */
export interface ServiceAddress {
  readonly host: string;
  readonly port: number;
}

/**
 * Finds who answers for a Service, as the real server's service resolver does. Undefined when there is nobody.
 * @param port the port of the Service, not of its pods
 */
export type ResolveService = (
  namespace: string,
  name: string,
  port: number,
) => ServiceAddress | undefined | Promise<ServiceAddress | undefined>;

/** How a {@link WebhookClient} finds its way. */
export interface WebhookClientOptions {
  /** For webhooks with `clientConfig.service`; without it, calling those fails and the failure policy applies. */
  readonly resolveService?: ResolveService;
}

/**
 * Calls admission webhooks over HTTPS as kube-apiserver does: the server's certificate must be issued by the
 * authority in `caBundle` (without one: by one of the machine's) for the URL's host, or for `<name>.<namespace>.svc` of
 * a Service. Give its {@link WebhookClient.call} to the API server as `callWebhook`, and dispose of it after that.
 */
export class WebhookClient implements Disposable {
  readonly #resolveService: ResolveService | undefined;
  /** By authority and name; each keeps its connections. */
  readonly #transports = new Map<string, NodeTransport>();

  constructor(options: WebhookClientOptions = {}) {
    this.#resolveService = options.resolveService;
  }

  /** @throws Error that says what failed */
  readonly call: CallWebhook = async (clientConfig, review, signal, timeoutSeconds) => {
    const named = urlOf(clientConfig);
    const url = new URL(named);
    const authority = Buffer.from(stringAt(clientConfig, "caBundle"), "base64").toString();
    url.searchParams.set("timeout", `${timeoutSeconds}s`);
    // With the port, also where it is the usual one.
    const post = `Post "${named}${url.search.startsWith("?timeout=") ? "?" : "&"}timeout=${timeoutSeconds}s"`;
    const target = await this.#locate(clientConfig, url, post);
    const json = "application/json";
    const headers: [string, string][] = [["content-type", json], ["accept", json], ["host", url.host]];
    const body = new TextEncoder().encode(JSON.stringify(review));
    const transport = this.#transportFor(authority, url.hostname);
    let response: Response;
    try {
      response = await transport.send({ method: "POST", url: target.href, headers, body, signal, whenOver }, undefined);
    } catch (cause) {
      throw new Error(`${post}: ${cause instanceof Error ? cause.message : cause}`, { cause });
    }
    const text = await response.text();
    if (!response.ok) throw new Error(`the server answered ${response.status}: ${text}`);
    const answer: JSONValue = JSON.parse(text);
    return answer;
  };

  [Symbol.dispose](): void {
    for (const transport of this.#transports.values()) transport.close();
    this.#transports.clear();
  }

  /** The URL to connect to. */
  async #locate(clientConfig: JSONObject, url: URL, post: string): Promise<URL> {
    const service = objectAt(clientConfig, "service");
    const name = stringAt(service, "name");
    if (name === "") return url;
    if (this.#resolveService === undefined) {
      throw new Error(`${post}: this in-memory API server knows no way to Services: give it resolveService`);
    }
    const address = await this.#resolveService(stringAt(service, "namespace"), name, portOf(service));
    if (address === undefined) throw new Error(`${post}: service "${name}" not found, or nobody answers for it`);
    const target = new URL(url);
    target.hostname = address.host.includes(":") ? `[${address.host}]` : address.host;
    target.port = String(address.port);
    return target;
  }

  #transportFor(authority: string, name: string): NodeTransport {
    const key = `${name}\n${authority}`;
    const known = this.#transports.get(key);
    if (known !== undefined) return known;
    const transport = new NodeTransport({
      tlsServerName: name.replaceAll(/^\[|\]$/g, ""),
      ...(authority === "" ? {} : { certificateAuthority: authority }),
    });
    this.#transports.set(key, transport);
    return transport;
  }
}

/** NodeTransport counts no requests. */
function whenOver(): void {}

function urlOf(clientConfig: JSONObject): string {
  const url = stringAt(clientConfig, "url");
  if (url !== "") return url;
  const service = objectAt(clientConfig, "service");
  const path = stringAt(service, "path").replace(/^\/?/, "/");
  return `https://${stringAt(service, "name")}.${stringAt(service, "namespace")}.svc:${portOf(service)}${path}`;
}

function portOf(service: JSONObject): number {
  const { port } = service;
  return typeof port === "number" ? port : 443;
}
