import type { JSONObject, JSONValue } from "../k8s/contract.ts";
import { ConnectionError, isJsonObject } from "../k8s/errors.ts";

/** Answers requests of the API server as a webhook's HTTP server does. */
export type WebhookHandler = (request: Request) => Response | Promise<Response>;

/** Why a client that trusts these authorities (PEM; "" for none) refuses a server's certificate; undefined: it does not. */
export type Distrust = (authorities: string) => string | undefined;

/** Sees calls of webhooks before these do: passes them on to `next`, or delays, changes or breaks them. */
export type WebhookIntercept = (request: Request, next: WebhookHandler) => Response | Promise<Response>;

/** One of those who listen at an origin. */
interface Endpoint {
  readonly handler: WebhookHandler;
  readonly isUp: () => boolean;
  readonly distrust: Distrust;
}

/** Webhooks that are called as functions: who listens at which origin. */
export class Webhooks {
  readonly #endpoints = new Map<string, Endpoint[]>();
  readonly #intercepts = new Set<WebhookIntercept>();

  /**
   * Listens at an origin such as `https://webhook.example` until it is disposed of. Several there take turns.
   * @param isUp while it answers false, the others are asked, as a Service does with pods that are not ready.
   * @param distrust fails connections of an API server that does not trust its certificate. Without it, all do.
   */
  serve(
    origin: string,
    handler: WebhookHandler,
    isUp: () => boolean = () => true,
    distrust: Distrust = () => undefined,
  ): Disposable {
    const endpoints = this.#endpoints.get(origin) ?? [];
    this.#endpoints.set(origin, endpoints);
    const endpoint: Endpoint = { handler, isUp, distrust };
    endpoints.push(endpoint);
    return {
      [Symbol.dispose]: () => {
        const index = endpoints.indexOf(endpoint);
        if (index >= 0) endpoints.splice(index, 1);
      },
    };
  }

  /** Lets all calls go through `intercept` until it is disposed of; the last one that was added comes first. */
  intercept(intercept: WebhookIntercept): Disposable {
    this.#intercepts.add(intercept);
    return { [Symbol.dispose]: () => void this.#intercepts.delete(intercept) };
  }

  /** Calls one of those who listen, as the API server does. @throws ConnectionError when it fails */
  async call(clientConfig: JSONObject, review: JSONObject, signal: AbortSignal): Promise<JSONValue> {
    const url = urlOf(clientConfig);
    const endpoints = this.#endpoints.get(url.origin) ?? [];
    const index = endpoints.findIndex(({ isUp }) => isUp());
    const [endpoint] = index < 0 ? [] : endpoints.splice(index, 1);
    if (endpoint === undefined) throw new ConnectionError(`nobody listens at ${url.origin}`);
    endpoints.push(endpoint);
    const { caBundle } = clientConfig;
    const problem = endpoint.distrust(typeof caBundle === "string" ? atob(caBundle) : "");
    if (problem !== undefined) throw new ConnectionError(`the certificate of ${url.origin} is not trusted: ${problem}`);
    const sent = new TextEncoder().encode(JSON.stringify(review));
    // As API servers do: who does not know how much will come has to reckon with the most.
    const headers = { "content-type": "application/json", "content-length": String(sent.length) };
    const request = new Request(url, { method: "POST", headers, body: sent, signal });
    let { handler } = endpoint;
    for (const intercept of this.#intercepts) {
      const next = handler;
      handler = async (passed) => await intercept(passed, next);
    }
    const response = await answered(handler(request), signal);
    const body = await response.text();
    if (response.status !== 200) throw new ConnectionError(`${url} answers ${response.status}: ${body}`);
    return JSON.parse(body);
  }
}

/** Where a webhook is: its url, or that of its service. */
function urlOf({ url, service }: JSONObject): URL {
  if (typeof url === "string") return new URL(url);
  const { name, namespace, path = "/", port = 443 } = isJsonObject(service) ? service : {};
  return new URL(`https://${name}.${namespace}.svc:${port}${path}`);
}

/** Webhooks need not look at their request's signal: a frozen one cannot. */
function answered(response: Response | Promise<Response>, signal: AbortSignal): Promise<Response> {
  return new Promise((resolve, reject) => {
    const aborted = (): void => reject(signal.reason);
    if (signal.aborted) return aborted();
    signal.addEventListener("abort", aborted, { once: true });
    Promise.resolve(response).then(resolve, reject).finally(() => signal.removeEventListener("abort", aborted));
  });
}
