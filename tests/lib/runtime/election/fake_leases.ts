import type {
  JSONObject,
  JSONValue,
  KubernetesTunnel,
  RequestOptions,
  RestClient,
} from "../../../../lib/k8s/contract.ts";
import { ApiError, isJsonObject } from "../../../../lib/k8s/errors.ts";

/** What happens to a request on its way there ("request") and to its answer on the way back ("answer"). */
export type Network = (leg: "request" | "answer", request: RequestOptions) => Promise<void> | void;

/** An API server that knows Leases only, with the rules that matter: resourceVersions, conflicts, NotFound. */
export class FakeLeases {
  readonly leases = new Map<string, JSONObject>();
  #version = 0;

  /** A client over some network. */
  client(network: Network = () => undefined): RestClient {
    return new FakeClient(this, network);
  }

  /** Changes a Lease behind everybody's back. */
  edit(path: string, change: (lease: JSONObject) => JSONObject): void {
    const lease = this.leases.get(path);
    if (lease === undefined) throw new Error(`no Lease at ${path}`);
    this.#store(path, change(structuredClone(lease)));
  }

  handle({ method, path, bodyRaw }: RequestOptions): JSONObject {
    const request = `${method} ${path}`;
    const body: JSONValue = bodyRaw === undefined ? null : JSON.parse(new TextDecoder().decode(bodyRaw));
    if (method === "GET") return this.#present(request, path);
    if (!isJsonObject(body)) throw failure(request, 400, "BadRequest", "no object in the body");
    if (method === "POST") return this.#create(request, path, body);
    if (method !== "PUT") throw failure(request, 405, "MethodNotAllowed", "only GET, POST and PUT");
    if (versionOf(this.#present(request, path)) !== versionOf(body)) {
      throw failure(request, 409, "Conflict", "the object has been modified");
    }
    return this.#store(path, body);
  }

  #create(request: string, collection: string, body: JSONObject): JSONObject {
    const name = isJsonObject(body["metadata"]) ? body["metadata"]["name"] : undefined;
    const path = `${collection}/${name}`;
    if (this.leases.has(path)) throw failure(request, 409, "AlreadyExists", "the object exists");
    return this.#store(path, body);
  }

  #present(request: string, path: string): JSONObject {
    const lease = this.leases.get(path);
    if (lease === undefined) throw failure(request, 404, "NotFound", "not found");
    return structuredClone(lease);
  }

  #store(path: string, object: JSONObject): JSONObject {
    const metadata = isJsonObject(object["metadata"]) ? object["metadata"] : {};
    const stored = { ...object, metadata: { ...metadata, resourceVersion: String(++this.#version) } };
    this.leases.set(path, stored);
    return structuredClone(stored);
  }
}

class FakeClient implements RestClient {
  readonly #server: FakeLeases;
  readonly #network: Network;

  constructor(server: FakeLeases, network: Network) {
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
