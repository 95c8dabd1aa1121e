import type { JSONValue, KubernetesTunnel, RequestOptions, RestClient } from "../k8s/contract.ts";
import { ApiError, ConnectionError, parseStatus } from "../k8s/errors.ts";
import { administrator, completeUser, type User, type UserInfo } from "./authentication/user_info.ts";
import { deepCopy } from "./json.ts";
import type { Answer, Body, Call, WatchSource } from "./request/call.ts";
import { StatusError } from "./status.ts";

/** Sees each request of a client before the server does, and decides what becomes of it and its answer. */
export type Intercept = (
  request: RequestOptions,
  next: (request: RequestOptions) => Promise<DirectAnswer>,
) => Promise<DirectAnswer>;

/** What a request comes to: a value, bytes, or a stream. */
export type DirectAnswer = JSONValue | Uint8Array | ReadableStream<JSONValue | Uint8Array>;

/** Who the client is. */
export interface DirectClientOptions {
  /**
   * Who sends the requests. A name alone is that of an administrator (group `system:masters`), who may do everything.
   * @default "system:admin"
   */
  readonly user?: string | User;
  /** The part before the first "/" is the field manager of writes that name none. @default "deno" */
  readonly userAgent?: string;
  /** Sees and may change all requests and answers, for fault injection. */
  readonly intercept?: Intercept;
}

/** A RestClient that calls the server's handlers: no ports, no real time. */
export class DirectClient implements RestClient {
  readonly defaultNamespace = "default";
  readonly #handle: (call: Call) => Answer | Promise<Answer>;
  readonly #user: UserInfo;
  readonly #userAgent: string;
  readonly #intercept: Intercept | undefined;
  readonly #closed = new AbortController();

  constructor(handle: (call: Call) => Answer | Promise<Answer>, options: DirectClientOptions = {}) {
    const { user = "system:admin", userAgent = "deno", intercept } = options;
    this.#handle = handle;
    this.#user = typeof user === "string" ? administrator(user) : completeUser(user);
    this.#userAgent = userAgent;
    this.#intercept = intercept;
  }

  performRequest(opts: RequestOptions & { expectTunnel: string[] }): Promise<KubernetesTunnel>;
  performRequest(opts: RequestOptions & { expectStream: true; expectJson: true }): Promise<ReadableStream<JSONValue>>;
  performRequest(opts: RequestOptions & { expectStream: true }): Promise<ReadableStream<Uint8Array>>;
  performRequest(opts: RequestOptions & { expectJson: true }): Promise<JSONValue>;
  performRequest(opts: RequestOptions): Promise<Uint8Array>;
  performRequest(opts: RequestOptions): Promise<DirectAnswer | KubernetesTunnel> {
    if (opts.expectTunnel !== undefined) {
      return Promise.reject(
        new ConnectionError(`${opts.method} ${opts.path}: the in-memory API server has no tunnels`),
      );
    }
    try {
      opts.beforeSend?.();
    } catch (error) {
      return Promise.reject(error);
    }
    const next = (request: RequestOptions): Promise<DirectAnswer> => this.#perform(request);
    return this.#intercept === undefined ? next(opts) : this.#intercept(opts, next);
  }

  close(): void {
    this.#closed.abort(new ConnectionError("the client was closed"));
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async #perform(request: RequestOptions): Promise<DirectAnswer> {
    const { abortSignal, expectJson, expectStream } = request;
    const signal = abortSignal === undefined
      ? this.#closed.signal
      : AbortSignal.any([abortSignal, this.#closed.signal]);
    // Nothing is answered in the same turn, as over a network.
    await Promise.resolve();
    signal.throwIfAborted();
    const answer = await this.#answer(request, signal);
    signal.throwIfAborted();
    switch (answer.type) {
      case "watch":
        if (expectStream !== true) {
          answer.events[Symbol.dispose]();
          throw new TypeError(`${request.method} ${request.path}: a watch needs expectStream`);
        }
        return expectJson === true ? jsonStream(answer.events, signal) : byteStream(answer.events, signal);
      case "stream":
        return expectStream === true ? answer.body : await new Response(answer.body).bytes();
      case "text":
        return expectStream === true ? streamOf(encoder.encode(answer.text)) : encoder.encode(answer.text);
      case "value":
        if (expectStream === true) {
          return expectJson === true ? streamOf(answer.value) : streamOf(encoder.encode(JSON.stringify(answer.value)));
        }
        return expectJson === true ? answer.value : encoder.encode(JSON.stringify(answer.value));
    }
  }

  async #answer(request: RequestOptions, signal: AbortSignal): Promise<Answer> {
    const { method, path, querystring, contentType, accept } = request;
    const [mediaType = ""] = (contentType ?? "application/json").split(";");
    const call: Call = {
      method,
      path,
      query: querystring ?? new URLSearchParams(),
      contentType: mediaType.trim(),
      accept: accept ?? "",
      body: await readBody(request),
      user: this.#user,
      userAgent: this.#userAgent,
      signal,
    };
    try {
      const answer = this.#handle(call);
      // Most answers are there at once; only webhooks take time, and then the caller may lose patience.
      return answer instanceof Promise ? await orAbort(answer, signal) : answer;
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      const status = parseStatus(error.document);
      if (status === undefined) throw error;
      throw new ApiError(`${method} ${path}`, status, { cause: error });
    }
  }
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

async function readBody(request: RequestOptions): Promise<Body> {
  const { bodyRaw, bodyJson, bodyStream } = request;
  if (bodyRaw !== undefined) return { text: decoder.decode(bodyRaw) };
  if (bodyJson !== undefined) return { value: deepCopy(bodyJson) };
  if (bodyStream !== undefined) return { text: await new Response(bodyStream).text() };
  return undefined;
}

function orAbort<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    function aborted(): void {
      reject(signal.reason);
    }
    signal.addEventListener("abort", aborted, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", aborted));
  });
}

function jsonStream(events: WatchSource, signal: AbortSignal): ReadableStream<JSONValue> {
  return stream(events, signal, (text): JSONValue => JSON.parse(text));
}

function byteStream(events: WatchSource, signal: AbortSignal): ReadableStream<Uint8Array> {
  return stream(events, signal, (text) => encoder.encode(`${text}\n`));
}

/** Nothing is read ahead, so a slow reader is slow to the server too. */
function stream<T>(events: WatchSource, signal: AbortSignal, decode: (text: string) => T): ReadableStream<T> {
  let aborted: (() => void) | undefined;
  return new ReadableStream<T>({
    start(controller): void {
      aborted = (): void => {
        events[Symbol.dispose]();
        controller.error(signal.reason);
      };
      signal.addEventListener("abort", aborted, { once: true });
    },
    async pull(controller): Promise<void> {
      const text = await events.next();
      if (signal.aborted) return;
      if (text !== undefined) return controller.enqueue(decode(text));
      if (aborted !== undefined) signal.removeEventListener("abort", aborted);
      controller.close();
    },
    cancel(): void {
      if (aborted !== undefined) signal.removeEventListener("abort", aborted);
      events[Symbol.dispose]();
    },
  }, { highWaterMark: 0 });
}

function streamOf<T>(value: T): ReadableStream<T> {
  return new ReadableStream<T>({
    start(controller): void {
      controller.enqueue(value);
      controller.close();
    },
  });
}
