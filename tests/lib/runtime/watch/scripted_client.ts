import type {
  JSONObject,
  JSONValue,
  KubernetesTunnel,
  RequestOptions,
  RestClient,
} from "../../../../lib/k8s/contract.ts";
import { ApiError } from "../../../../lib/k8s/errors.ts";

/** A watch stream in the hands of a test. */
export class ServerStream {
  readonly stream: ReadableStream<JSONValue>;
  /** Did the client close it, by abort or by cancel? */
  closed = false;
  #controller: ReadableStreamDefaultController<JSONValue> | undefined;

  constructor() {
    this.stream = new ReadableStream<JSONValue>({
      start: (controller) => void (this.#controller = controller),
      cancel: () => void (this.closed = true),
    });
  }

  send(...events: readonly JSONValue[]): void {
    for (const event of events) this.#controller?.enqueue(event);
  }

  end(): void {
    this.#controller?.close();
  }

  fail(error: Error): void {
    this.#controller?.error(error);
  }

  /** As fetch does: an abort of the request makes pending and later reads fail. */
  closeOn(signal: AbortSignal | undefined): void {
    signal?.addEventListener("abort", () => {
      this.closed = true;
      this.#controller?.error(signal.reason);
    }, { once: true });
  }
}

/** What a request asks, as far as watches and lists differ. */
export interface Asked {
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly signal: AbortSignal | undefined;
}

/** The answer to one request: a document, a stream, a refusal, or none at all. */
export type Answer = JSONValue | ServerStream | Error | "never" | "never, deaf";

/** A RestClient that answers each request with the next line of a script, and never after its end. */
export class ScriptedClient implements RestClient {
  readonly asked: Asked[] = [];
  readonly #script: (Answer | ((asked: Asked) => Answer))[];

  constructor(...script: readonly (Answer | ((asked: Asked) => Answer))[]) {
    this.#script = [...script];
  }

  goOn(...answers: readonly Answer[]): void {
    this.#script.push(...answers);
  }

  /** The query of the n-th request. */
  query(n: number): Readonly<Record<string, string>> {
    return this.asked[n]?.query ?? {};
  }

  performRequest(opts: RequestOptions & { expectTunnel: string[] }): Promise<KubernetesTunnel>;
  performRequest(opts: RequestOptions & { expectStream: true; expectJson: true }): Promise<ReadableStream<JSONValue>>;
  performRequest(opts: RequestOptions & { expectStream: true }): Promise<ReadableStream<Uint8Array>>;
  performRequest(opts: RequestOptions & { expectJson: true }): Promise<JSONValue>;
  performRequest(opts: RequestOptions): Promise<Uint8Array>;
  async performRequest(
    opts: RequestOptions,
  ): Promise<JSONValue | ReadableStream<JSONValue> | Uint8Array | ReadableStream<Uint8Array> | KubernetesTunnel> {
    const { path, querystring, abortSignal: signal } = opts;
    const asked = { path, query: Object.fromEntries(querystring ?? []), signal };
    this.asked.push(asked);
    const line = this.#script.shift() ?? "never";
    const answer = typeof line === "function" ? line(asked) : line;
    if (answer === "never" || answer === "never, deaf") {
      return await new Promise<never>((_, reject) => {
        if (answer === "never") signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
      });
    }
    if (answer instanceof Error) throw answer;
    if (answer instanceof ServerStream) {
      answer.closeOn(signal);
      return answer.stream;
    }
    return answer;
  }

  [Symbol.dispose](): void {}
}

/** A stream with these events, still open. */
export function open(...events: readonly JSONValue[]): ServerStream {
  const stream = new ServerStream();
  stream.send(...events);
  return stream;
}

/** A stream with these events that then ends. */
export function ended(...events: readonly JSONValue[]): ServerStream {
  const stream = open(...events);
  stream.end();
  return stream;
}

export function refusal(
  code: number,
  reason = "",
  more: { retryAfterSeconds?: number; cause?: string } = {},
): ApiError {
  const { retryAfterSeconds, cause } = more;
  return new ApiError("GET /scripted", {
    code,
    reason,
    message: "scripted",
    causes: cause === undefined ? [] : [{ reason: cause }],
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  });
}

export function configMap(name: string, resourceVersion: number, more: JSONObject = {}): JSONObject {
  const { data = {}, uid = `uid-${name}`, ...meta } = more;
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name, namespace: "default", uid, resourceVersion: String(resourceVersion), ...meta },
    data,
  };
}

export function added(name: string, resourceVersion: number, more?: JSONObject): JSONObject {
  return { type: "ADDED", object: configMap(name, resourceVersion, more) };
}

export function modified(name: string, resourceVersion: number, more?: JSONObject): JSONObject {
  return { type: "MODIFIED", object: configMap(name, resourceVersion, more) };
}

export function deleted(name: string, resourceVersion: number, more?: JSONObject): JSONObject {
  return { type: "DELETED", object: configMap(name, resourceVersion, more) };
}

export function bookmark(resourceVersion: number): JSONObject {
  return {
    type: "BOOKMARK",
    object: { apiVersion: "v1", kind: "ConfigMap", metadata: { resourceVersion: String(resourceVersion) } },
  };
}

/** The bookmark that ends the initial objects of a streaming list. */
export function initialEnd(resourceVersion: number): JSONObject {
  const annotations = { "k8s.io/initial-events-end": "true" };
  return {
    type: "BOOKMARK",
    object: {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { resourceVersion: String(resourceVersion), annotations },
    },
  };
}

export function errorEvent(code: number, reason: string): JSONObject {
  return { type: "ERROR", object: { apiVersion: "v1", kind: "Status", code, reason, message: "scripted" } };
}

/** One page of a list. */
export function page(resourceVersion: number, items: readonly JSONObject[], continueToken?: string): JSONObject {
  return {
    apiVersion: "v1",
    kind: "ConfigMapList",
    metadata: { resourceVersion: String(resourceVersion), ...(continueToken ? { continue: continueToken } : {}) },
    items: [...items],
  };
}
