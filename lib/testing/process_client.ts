import type { DirectAnswer, Intercept } from "../apiserver/mod.ts";
import type { JSONValue, KubernetesTunnel, RequestOptions, RestClient } from "../k8s/contract.ts";
import { retryWait } from "../k8s/client/retry_after.ts";
import { ApiError, ConnectionError } from "../k8s/errors.ts";
import { type Clock, sleep } from "../util/clock/mod.ts";
import { jitter, type Random } from "../util/random.ts";
import type { Gate } from "./gate.ts";

/** Parts of a {@link ProcessClient}. */
export interface ProcessClientParts {
  /** Sends the requests. */
  readonly client: RestClient;
  readonly intercept: Intercept;
  /** While it is closed, answers wait outside the process. */
  readonly gate: Gate;
  /** Aborts when the connection breaks; asked anew for each request, as it may be mended. */
  readonly broken: () => AbortSignal;
  /** Waits and tries again when the server asks for it, as `createRestClient()`'s clients do. @default not at all */
  readonly patience?: Patience;
}

/** What waiting takes. */
export interface Patience {
  /** The process's own clock. */
  readonly clock: Clock;
  /** Jitter. */
  readonly random: Random;
}

/** A connection of a process that can be frozen, cut off or killed. */
export class ProcessClient implements RestClient {
  readonly defaultNamespace = "default";
  readonly #parts: ProcessClientParts;

  constructor(parts: ProcessClientParts) {
    this.#parts = parts;
  }

  performRequest(opts: RequestOptions & { expectTunnel: string[] }): Promise<KubernetesTunnel>;
  performRequest(opts: RequestOptions & { expectStream: true; expectJson: true }): Promise<ReadableStream<JSONValue>>;
  performRequest(opts: RequestOptions & { expectStream: true }): Promise<ReadableStream<Uint8Array>>;
  performRequest(opts: RequestOptions & { expectJson: true }): Promise<JSONValue>;
  performRequest(opts: RequestOptions): Promise<Uint8Array>;
  async performRequest(opts: RequestOptions): Promise<DirectAnswer | KubernetesTunnel> {
    const { patience } = this.#parts;
    for (let retries = 0;; retries++) {
      try {
        const answer = await this.#received(() => this.#send(opts));
        return answer instanceof ReadableStream ? this.#stream(answer) : answer;
      } catch (error) {
        const { code = 0, retryAfterSeconds } = error instanceof ApiError ? error.status : {};
        const seconds = retryWait(code, retryAfterSeconds, retries);
        if (patience === undefined || seconds === undefined || opts.bodyStream !== undefined) throw error;
        await sleep(patience.clock, jitter(patience.random, seconds * 1_000, 0.1), opts.abortSignal);
      }
    }
  }

  close(): void {
    this.#parts.client[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async #send(opts: RequestOptions): Promise<DirectAnswer> {
    const { client, intercept, broken } = this.#parts;
    const { abortSignal, beforeSend, ...rest } = opts;
    const cut = broken();
    if (cut.aborted) throw new ConnectionError(`${opts.method} ${opts.path}: the connection is cut`);
    const signal = abortSignal === undefined ? cut : AbortSignal.any([abortSignal, cut]);
    // Here the request leaves the process: nobody is asked again when it arrives.
    beforeSend?.();
    return await intercept({ ...rest, abortSignal: signal }, (request) => client.performRequest(request));
  }

  /** Hands something over to the process, which takes it when it runs. */
  async #received<T>(receive: () => Promise<T>): Promise<T> {
    try {
      return await receive();
    } finally {
      await this.#parts.gate.passed();
    }
  }

  #stream(source: ReadableStream<JSONValue | Uint8Array>): ReadableStream<JSONValue | Uint8Array> {
    const reader = source.getReader();
    return new ReadableStream({
      pull: async (controller) => {
        const { done, value } = await this.#received(() => reader.read());
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: (reason) => reader.cancel(reason),
    }, { highWaterMark: 0 });
  }
}
