import type { DirectAnswer, Intercept } from "../../lib/apiserver/mod.ts";
import type { JSONValue, KubernetesTunnel, RequestOptions, RestClient } from "../../lib/k8s/contract.ts";
import { ConnectionError } from "../../lib/k8s/errors.ts";

/**
 * A connection on which things go wrong, over any other one: `intercept` sees each request before the server does, and
 * when `cut` aborts, all that is under way breaks and nothing gets through any more.
 */
export class InterceptedClient implements RestClient {
  readonly defaultNamespace = "default";
  readonly #client: RestClient;
  readonly #cut: AbortSignal;
  readonly #intercept: Intercept;

  constructor(client: RestClient, cut: AbortSignal, intercept: Intercept) {
    this.#client = client;
    this.#cut = cut;
    this.#intercept = intercept;
  }

  performRequest(opts: RequestOptions & { expectTunnel: string[] }): Promise<KubernetesTunnel>;
  performRequest(opts: RequestOptions & { expectStream: true; expectJson: true }): Promise<ReadableStream<JSONValue>>;
  performRequest(opts: RequestOptions & { expectStream: true }): Promise<ReadableStream<Uint8Array>>;
  performRequest(opts: RequestOptions & { expectJson: true }): Promise<JSONValue>;
  performRequest(opts: RequestOptions): Promise<Uint8Array>;
  async performRequest(opts: RequestOptions): Promise<DirectAnswer | KubernetesTunnel> {
    const { abortSignal } = opts;
    if (this.#cut.aborted) throw new ConnectionError(`${opts.method} ${opts.path}: the connection is cut`);
    const signal = abortSignal === undefined ? this.#cut : AbortSignal.any([abortSignal, this.#cut]);
    const send = (request: RequestOptions): Promise<DirectAnswer> => this.#client.performRequest(request);
    return await this.#intercept({ ...opts, abortSignal: signal }, send);
  }

  close(): void {
    this.#client[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
