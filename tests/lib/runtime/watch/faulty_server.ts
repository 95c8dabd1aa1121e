import type {
  JSONObject,
  JSONValue,
  KubernetesTunnel,
  RequestOptions,
  RestClient,
} from "../../../../lib/k8s/contract.ts";
import { ConnectionError } from "../../../../lib/k8s/errors.ts";
import { bookmark, configMap, errorEvent, initialEnd, page, refusal, ServerStream } from "./scripted_client.ts";

/** Everything that can go wrong with the next request. */
export type RequestFault =
  | "refused connection"
  | "no answer"
  | "401"
  | "429"
  | "500"
  /** A streaming list that ends after half of the objects. */
  | "cut"
  /** A stream from which nothing comes after the first half. */
  | "stall";
/** Everything that can go wrong with a stream that is open. */
export type StreamFault = "end" | "reset" | "stall" | "410" | "500" | "garbage";

interface Change {
  readonly version: number;
  readonly event: JSONObject;
}

interface Open {
  readonly stream: ServerStream;
  stalled: boolean;
}

/** A little API server for ConfigMaps that keeps the rules of lists and watches, and breaks whatever it is told to. */
export class FaultyServer implements RestClient {
  readonly objects = new Map<string, JSONObject>();
  readonly #streamingLists: boolean;
  readonly #log: Change[] = [];
  readonly #faults: RequestFault[] = [];
  readonly #pages = new Map<string, { version: number; items: JSONObject[] }>();
  #open: Open[] = [];
  #version = 100;
  #oldest = 100;

  constructor(streamingLists: boolean) {
    this.#streamingLists = streamingLists;
  }

  put(name: string): void {
    const version = ++this.#version;
    const uid = this.objects.get(name)?.["uid"] ?? version;
    const known = this.objects.has(name);
    this.objects.set(name, { uid, version });
    this.#happen(version, known ? "MODIFIED" : "ADDED", name, { uid, version });
  }

  remove(name: string): void {
    const gone = this.objects.get(name);
    if (gone === undefined) return;
    this.objects.delete(name);
    const version = ++this.#version;
    this.#happen(version, "DELETED", name, { uid: gone["uid"], version });
  }

  bookmark(): void {
    for (const { stream, stalled } of this.#open) if (!stalled) stream.send(bookmark(this.#version));
  }

  /** Forgets all that happened so far. */
  compact(): void {
    this.#oldest = this.#version;
    this.#pages.clear();
  }

  failNext(fault: RequestFault): void {
    this.#faults.push(fault);
  }

  break(fault: StreamFault): void {
    for (const open of this.#open) {
      if (open.stalled) continue;
      if (fault === "stall") open.stalled = true;
      if (fault === "410") open.stream.send(errorEvent(410, "Expired"));
      if (fault === "500") open.stream.send(errorEvent(500, "InternalError"));
      if (fault === "garbage") open.stream.send({ type: "MODIFIED", object: { kind: "ConfigMap" } });
      if (fault === "end" || fault === "410" || fault === "500") open.stream.end();
      if (fault === "reset") open.stream.fail(new ConnectionError("connection reset by peer"));
    }
    this.#open = this.#open.filter(({ stalled }) => stalled);
  }

  /** Nothing goes wrong any more, but what stalls goes on stalling. */
  heal(): void {
    this.#faults.splice(0);
  }

  /** Streams that the client has not closed. */
  get openStreams(): number {
    return this.#open.filter(({ stream }) => !stream.closed).length;
  }

  performRequest(opts: RequestOptions & { expectTunnel: string[] }): Promise<KubernetesTunnel>;
  performRequest(opts: RequestOptions & { expectStream: true; expectJson: true }): Promise<ReadableStream<JSONValue>>;
  performRequest(opts: RequestOptions & { expectStream: true }): Promise<ReadableStream<Uint8Array>>;
  performRequest(opts: RequestOptions & { expectJson: true }): Promise<JSONValue>;
  performRequest(opts: RequestOptions): Promise<Uint8Array>;
  async performRequest(
    opts: RequestOptions,
  ): Promise<JSONValue | ReadableStream<JSONValue> | Uint8Array | ReadableStream<Uint8Array> | KubernetesTunnel> {
    const query = opts.querystring ?? new URLSearchParams();
    const fault = this.#faults.shift();
    if (fault === "refused connection") throw new ConnectionError(fault);
    if (fault === "401" || fault === "500") throw refusal(Number(fault));
    if (fault === "429") throw refusal(429, "TooManyRequests", { retryAfterSeconds: 3 });
    if (fault === "no answer") {
      return await new Promise<never>((_, reject) => {
        opts.abortSignal?.addEventListener("abort", () => reject(opts.abortSignal?.reason), { once: true });
      });
    }
    if (!query.has("watch")) return this.#list(query);
    const stream = new ServerStream();
    stream.closeOn(opts.abortSignal);
    const open = { stream, stalled: false };
    if (query.has("sendInitialEvents")) {
      if (!this.#streamingLists) throw refusal(422, "Invalid");
      const items = this.#items();
      const sent = fault === "cut" || fault === "stall" ? items.slice(0, Math.ceil(items.length / 2)) : items;
      stream.send(...sent.map((object) => ({ type: "ADDED", object })));
      if (fault === "cut") {
        stream.end();
        return stream.stream;
      }
      if (fault !== "stall") stream.send(initialEnd(this.#version));
    } else {
      const from = Number(query.get("resourceVersion"));
      if (from < this.#oldest) throw refusal(410, "Expired");
      const missed = this.#log.filter(({ version }) => version > from);
      stream.send(...missed.map(({ event }) => event));
    }
    open.stalled = fault === "stall";
    this.#open.push(open);
    return stream.stream;
  }

  [Symbol.dispose](): void {}

  #list(query: URLSearchParams): JSONValue {
    const token = query.get("continue");
    const rest = token === null ? { version: this.#version, items: this.#items() } : this.#pages.get(token);
    if (rest === undefined) throw refusal(410, "Expired");
    const limit = Number(query.get("limit"));
    const { version, items } = rest;
    if (items.length <= limit) return page(version, items);
    const next = `${version}/${items.length - limit}`;
    this.#pages.set(next, { version, items: items.slice(limit) });
    return page(version, items.slice(0, limit), next);
  }

  #items(): JSONObject[] {
    return [...this.objects].map(([name, { uid, version }]) =>
      configMap(name, Number(version), { uid: `uid-${String(uid)}` })
    );
  }

  #happen(version: number, type: string, name: string, { uid }: JSONObject): void {
    const event = { type, object: configMap(name, version, { uid: `uid-${String(uid)}` }) };
    this.#log.push({ version, event });
    for (const { stream, stalled } of this.#open) if (!stalled && !stream.closed) stream.send(event);
  }
}
