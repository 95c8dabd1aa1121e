import type { HttpMethods, JSONValue, RequestOptions, RestClient } from "../contract.ts";
import type { KubeObject } from "../types.ts";
import { type CallOptions, type DeleteOptions, setIfGiven, type WriteOptions } from "./options.ts";
import { pathOf, type Resource } from "./resource.ts";

/** Options of an {@link Api}. */
export interface ApiOptions {
  /** The namespace; without it, lists and watches span all namespaces. */
  readonly namespace?: string;
  /** Who owns the fields that are written (managedFields). */
  readonly fieldManager?: string;
}

/** Sends the requests of one resource: paths, query parameters, media types and bodies. */
export class Requests {
  readonly #client: RestClient;
  readonly #resource: Resource<KubeObject>;
  readonly #options: ApiOptions;
  readonly #metadataOnly: boolean;

  constructor(client: RestClient, resource: Resource<KubeObject>, options: ApiOptions, metadataOnly: boolean) {
    this.#client = client;
    this.#resource = resource;
    this.#options = options;
    this.#metadataOnly = metadataOnly;
  }

  /**
   * Path of the collection, of an object, or of a part of it.
   * @param namespace counts where the Api itself is not bound to one.
   */
  path(name?: string, namespace?: string, subresource?: string): string {
    const resource = this.#resource;
    const scope = resource.namespaced ? this.#options.namespace ?? namespace : undefined;
    if (resource.namespaced && scope === undefined && name !== undefined) {
      throw new TypeError(`${resource.plural} are namespaced: name the namespace of "${name}" with inNamespace()`);
    }
    return pathOf(resource, scope, name, subresource);
  }

  /** Reads an object, or a list of them. */
  read(path: string, query: URLSearchParams, options: CallOptions, shape: "" | "List" = ""): Promise<JSONValue> {
    return this.#client.performRequest({ ...this.#request("GET", path, query, options, shape), expectJson: true });
  }

  /** Reads something that comes in lines. */
  stream(path: string, query: URLSearchParams, options: CallOptions): Promise<ReadableStream<JSONValue>> {
    const request = this.#request("GET", path, query, options);
    return this.#client.performRequest({ ...request, expectStream: true, expectJson: true });
  }

  /** Writes an object or a patch. */
  write(
    method: HttpMethods,
    path: string,
    body: unknown,
    options: WriteOptions,
    contentType?: string,
    force?: boolean,
  ): Promise<JSONValue> {
    const query = new URLSearchParams();
    setIfGiven(query, "fieldManager", options.fieldManager ?? this.#options.fieldManager);
    if (options.dryRun === true) query.set("dryRun", "All");
    if (force === true) query.set("force", "true");
    const request = { ...this.#request(method, path, query, options), ...encode(body, contentType) };
    return this.#client.performRequest({ ...request, expectJson: true });
  }

  /** Deletes an object or a collection. */
  async delete(path: string, query: URLSearchParams, options: DeleteOptions): Promise<void> {
    const { preconditions, propagationPolicy, gracePeriodSeconds, dryRun } = options;
    const body = {
      apiVersion: "v1",
      kind: "DeleteOptions",
      ...(preconditions === undefined ? {} : { preconditions }),
      ...(propagationPolicy === undefined ? {} : { propagationPolicy }),
      ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
      ...(dryRun === true ? { dryRun: ["All"] } : {}),
    };
    const request = { ...this.#request("DELETE", path, query, options), ...encode(body) };
    await this.#client.performRequest({ ...request, expectJson: true });
  }

  #request(
    method: HttpMethods,
    path: string,
    querystring: URLSearchParams,
    options: CallOptions,
    shape: "" | "List" = "",
  ): RequestOptions {
    return {
      method,
      path,
      ...(querystring.size > 0 ? { querystring } : {}),
      ...(options.signal === undefined ? {} : { abortSignal: options.signal }),
      accept: this.#metadataOnly
        ? `application/json;as=PartialObjectMetadata${shape};g=meta.k8s.io;v=v1`
        : "application/json",
    };
  }
}

const encoder = new TextEncoder();

/** Typed objects are no JSONValue to the checker (interfaces have no index signature), so they are written as text. */
function encode(body: unknown, contentType = "application/json"): Pick<RequestOptions, "bodyRaw" | "contentType"> {
  return { bodyRaw: encoder.encode(JSON.stringify(body)), contentType };
}
