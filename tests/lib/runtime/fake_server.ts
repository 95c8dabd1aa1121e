import type { JSONObject, JSONValue, KubernetesTunnel, RequestOptions, RestClient } from "../../../lib/k8s/contract.ts";
import { ApiError, isJsonObject } from "../../../lib/k8s/errors.ts";

/** What happens to a request on its way there ("request") and to its answer on the way back ("answer"). */
export type Network = (leg: "request" | "answer", request: RequestOptions) => Promise<void> | void;

/** A tiny API server for single objects, with the rules that matter: resourceVersions, conflicts, NotFound. */
export class FakeServer {
  readonly objects = new Map<string, JSONObject>();
  #version = 0;

  /** A client over some network. */
  client(network: Network = () => undefined): RestClient {
    return new FakeClient(this, network);
  }

  /** Changes an object behind everybody's back. */
  edit(path: string, change: (object: JSONObject) => JSONObject): void {
    const object = this.objects.get(path);
    if (object === undefined) throw new Error(`no object at ${path}`);
    this.#store(path, change(structuredClone(object)));
  }

  handle({ method, path, bodyRaw }: RequestOptions): JSONObject {
    const request = `${method} ${path}`;
    const body: JSONValue = bodyRaw === undefined ? null : JSON.parse(new TextDecoder().decode(bodyRaw));
    if (method === "GET") return this.#present(request, path);
    if (!isJsonObject(body)) throw failure(request, 400, "BadRequest", "no object in the body");
    if (method === "POST") return this.#create(request, path, body);
    // A merge patch of top-level fields is all that is needed.
    if (method === "PATCH") return this.#store(path, { ...this.#present(request, path), ...body });
    if (method !== "PUT") throw failure(request, 405, "MethodNotAllowed", "only GET, POST, PUT and PATCH");
    if (versionOf(this.#present(request, path)) !== versionOf(body)) {
      throw failure(request, 409, "Conflict", "the object has been modified");
    }
    return this.#store(path, body);
  }

  #create(request: string, collection: string, body: JSONObject): JSONObject {
    const name = isJsonObject(body["metadata"]) ? body["metadata"]["name"] : undefined;
    const path = `${collection}/${name}`;
    if (this.objects.has(path)) throw failure(request, 409, "AlreadyExists", "the object exists");
    return this.#store(path, body);
  }

  #present(request: string, path: string): JSONObject {
    const object = this.objects.get(path);
    if (object === undefined) throw failure(request, 404, "NotFound", "not found");
    return structuredClone(object);
  }

  #store(path: string, object: JSONObject): JSONObject {
    const metadata = isJsonObject(object["metadata"]) ? object["metadata"] : {};
    const stored = { ...object, metadata: { ...metadata, resourceVersion: String(++this.#version) } };
    this.objects.set(path, stored);
    return structuredClone(stored);
  }
}

class FakeClient implements RestClient {
  readonly #server: FakeServer;
  readonly #network: Network;

  constructor(server: FakeServer, network: Network) {
    this.#server = server;
    this.#network = network;
  }

  performRequest(opts: RequestOptions & { expectTunnel: string[] }): Promise<KubernetesTunnel>;
  performRequest(opts: RequestOptions & { expectStream: true; expectJson: true }): Promise<ReadableStream<JSONValue>>;
  performRequest(opts: RequestOptions & { expectStream: true }): Promise<ReadableStream<Uint8Array>>;
  performRequest(opts: RequestOptions & { expectJson: true }): Promise<JSONValue>;
  performRequest(opts: RequestOptions): Promise<Uint8Array>;
  async performRequest(
    opts: RequestOptions,
  ): Promise<KubernetesTunnel | ReadableStream<JSONValue> | ReadableStream<Uint8Array> | JSONValue | Uint8Array> {
    await this.#network("request", opts);
    let outcome: () => JSONObject;
    try {
      const answer = this.#server.handle(opts);
      outcome = () => answer;
    } catch (error) {
      outcome = () => {
        throw error;
      };
    }
    await this.#network("answer", opts);
    return outcome();
  }

  [Symbol.dispose](): void {}
}

function versionOf(object: JSONObject): JSONValue {
  return isJsonObject(object["metadata"]) ? object["metadata"]["resourceVersion"] : undefined;
}

function failure(request: string, code: number, reason: string, message: string): ApiError {
  return new ApiError(request, { code, reason, message, causes: [] });
}
