import type { JSONValue, RestClient } from "../contract.ts";
import { isExpired, isNotFound } from "../errors.ts";
import type { Draft, KubeObject, PartialObjectMetadata, Scale } from "../types.ts";
import {
  type ApplyOptions,
  type DeleteOptions,
  type GetOptions,
  type ListOptions,
  type PageOptions,
  selectorQuery,
  setIfGiven,
  type WatchOptions,
  type WriteOptions,
} from "./options.ts";
import { type Patch, patchMediaType } from "./patch.ts";
import { type ApiOptions, Requests } from "./requests.ts";
import { apiVersionOf, metadataOf, parseObject, type Resource } from "./resource.ts";
import { isScale } from "../kinds/autoscaling.ts";
import { type ObjectList, parseList } from "./object_list.ts";
import { readWatch, type TypedWatchEvent } from "./watch_stream.ts";

export type { ApiOptions, ObjectList };

/**
 * Reads and writes the objects of one resource. All methods reject with an ApiError when the server refuses, a
 * ConnectionError when it cannot be reached, and an InvalidObjectError when it sends something unexpected.
 */
export class Api<T extends KubeObject> {
  /** Which objects it is for. */
  readonly resource: Resource<T>;
  readonly #client: RestClient;
  readonly #options: ApiOptions;
  readonly #metadataOnly: boolean;
  readonly #requests: Requests;

  /**
   * Binds a connection to a resource. Whoever made the client closes it.
   * @param metadataOnly ask for metadata only; see {@link asMetadata}.
   */
  constructor(client: RestClient, resource: Resource<T>, options: ApiOptions = {}, metadataOnly = false) {
    this.resource = resource;
    this.#client = client;
    this.#options = options;
    this.#metadataOnly = metadataOnly;
    this.#requests = new Requests(client, resource, options, metadataOnly);
  }

  /** The namespace this Api is bound to; undefined for all of them. */
  get namespace(): string | undefined {
    return this.#options.namespace;
  }

  /** The same resource in one namespace; undefined or "" spans all of them. */
  inNamespace(namespace: string | undefined): Api<T> {
    const { namespace: _, ...rest } = this.#options;
    const options = namespace === undefined || namespace === "" ? rest : { ...rest, namespace };
    return new Api(this.#client, this.resource, options, this.#metadataOnly);
  }

  /** The same resource, but answers carry only metadata (`PartialObjectMetadata`): less to send, decode and keep. */
  asMetadata(): Api<PartialObjectMetadata> {
    return new Api(this.#client, metadataOf(this.resource), this.#options, true);
  }

  /** Reads one object. */
  async get(name: string, options: GetOptions = {}): Promise<T> {
    const query = new URLSearchParams();
    setIfGiven(query, "resourceVersion", options.resourceVersion);
    return this.#parse(await this.#requests.read(this.#requests.path(name), query, options));
  }

  /** Reads one object; undefined when it does not exist. */
  async find(name: string, options: GetOptions = {}): Promise<T | undefined> {
    try {
      return await this.get(name, options);
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  /** Reads a collection, or one page of it. */
  async list(options: ListOptions = {}): Promise<ObjectList<T>> {
    const query = selectorQuery(options);
    setIfGiven(query, "limit", options.limit);
    setIfGiven(query, "continue", options.continueToken);
    setIfGiven(query, "resourceVersion", options.resourceVersion);
    setIfGiven(query, "resourceVersionMatch", options.resourceVersionMatch);
    return parseList(this.resource, await this.#requests.read(this.#requests.path(), query, options, "List"));
  }

  /** Reads a collection page by page, so that it is never in memory as a whole. */
  async *pages(options: PageOptions = {}): AsyncGenerator<ObjectList<T>, void, undefined> {
    const { limit = 500, onExpired = "fail", ...rest } = options;
    let continueToken: string | undefined;
    do {
      let page: ObjectList<T>;
      try {
        page = await this.list({ ...rest, limit, ...(continueToken === undefined ? {} : { continueToken }) });
      } catch (error) {
        const resumed = isExpired(error) && onExpired === "resume" ? error.status.continueToken : undefined;
        if (resumed === undefined) throw error;
        continueToken = resumed;
        continue;
      }
      yield page;
      continueToken = page.continueToken;
    } while (continueToken !== undefined);
  }

  /** Opens a watch. The iteration ends when the server ends it and throws when the connection breaks. */
  async watch(options: WatchOptions = {}): Promise<AsyncIterable<TypedWatchEvent<T>>> {
    const query = selectorQuery(options);
    query.set("watch", "true");
    setIfGiven(query, "resourceVersion", options.resourceVersion);
    setIfGiven(query, "timeoutSeconds", options.timeoutSeconds);
    if (options.allowBookmarks !== false) query.set("allowWatchBookmarks", "true");
    if (options.sendInitialEvents === true) {
      query.set("sendInitialEvents", "true");
      query.set("resourceVersionMatch", "NotOlderThan");
    }
    const stream = await this.#requests.stream(this.#requests.path(), query, options);
    return readWatch(this.resource, stream, `watch of ${this.resource.plural}`);
  }

  /** Creates an object; its name may be left to `metadata.generateName`. */
  async create(object: Draft<T>, options: WriteOptions = {}): Promise<T> {
    const path = this.#requests.path(undefined, object.metadata.namespace);
    return this.#parse(await this.#requests.write("POST", path, this.#complete(object), options));
  }

  /** Replaces an object. With `metadata.resourceVersion` set it fails with a conflict when the object has changed. */
  async replace(object: Draft<T>, options: WriteOptions = {}): Promise<T> {
    return await this.#replace(object, options);
  }

  /** Changes an object without reading it first. */
  async patch(name: string, patch: Patch, options: WriteOptions = {}): Promise<T> {
    return await this.#patch(name, patch, options);
  }

  /** Server-side apply: the object holds exactly the fields that the field manager wants to own. */
  async apply(object: Draft<T>, options: ApplyOptions = {}): Promise<T> {
    return await this.#apply(object, options);
  }

  /** Deletes one object. It may live on until its finalizers are gone. */
  async delete(name: string, options: DeleteOptions = {}): Promise<void> {
    await this.#requests.delete(this.#requests.path(name), new URLSearchParams(), options);
  }

  /** Deletes all objects that the selectors match. */
  async deleteCollection(
    options: DeleteOptions & { labelSelector?: string; fieldSelector?: string } = {},
  ): Promise<void> {
    await this.#requests.delete(this.#requests.path(), selectorQuery(options), options);
  }

  /** The status of the objects, written without touching the rest. */
  get status(): Subresource<T> {
    return this.subresource("status");
  }

  /** The scale of workloads. */
  get scale(): Subresource<Scale> {
    const scaled = { ...this.resource, kind: "Scale", apiVersion: "autoscaling/v1", is: isScale };
    return new Api<Scale>(this.#client, scaled, this.#options).subresource("scale");
  }

  /** A part of the objects that has its own path. */
  subresource(name: string): Subresource<T> {
    return {
      get: async (object, options = {}) =>
        this.#parse(
          await this.#requests.read(this.#requests.path(object, undefined, name), new URLSearchParams(), options),
        ),
      replace: (object, options = {}) => this.#replace(object, options, name),
      patch: (object, patch, options = {}) => this.#patch(object, patch, options, name),
      apply: (object, options = {}) => this.#apply(object, options, name),
    };
  }

  async #replace(object: Draft<T>, options: WriteOptions, subresource?: string): Promise<T> {
    const path = this.#requests.path(this.#nameOf(object, "replace"), object.metadata.namespace, subresource);
    return this.#parse(await this.#requests.write("PUT", path, this.#complete(object), options));
  }

  async #patch(name: string, patch: Patch, options: WriteOptions, subresource?: string): Promise<T> {
    const path = this.#requests.path(name, undefined, subresource);
    const body = patch.type === "json" ? patch.operations : patch.patch;
    return this.#parse(await this.#requests.write("PATCH", path, body, options, patchMediaType(patch)));
  }

  async #apply(object: Draft<T>, options: ApplyOptions, subresource?: string): Promise<T> {
    const path = this.#requests.path(this.#nameOf(object, "apply"), object.metadata.namespace, subresource);
    const mediaType = "application/apply-patch+yaml";
    return this.#parse(
      await this.#requests.write("PATCH", path, this.#complete(object), options, mediaType, options.force),
    );
  }

  #nameOf(object: Draft<T>, verb: string): string {
    const name = object.metadata.name;
    if (name === undefined || name === "") {
      throw new TypeError(`${verb} needs an object of ${this.resource.plural} with metadata.name`);
    }
    return name;
  }

  #complete(object: Draft<T>): unknown {
    return { ...object, apiVersion: apiVersionOf(this.resource), kind: this.resource.kind };
  }

  #parse(value: JSONValue): T {
    return parseObject(this.resource, value);
  }
}

/** Reads and writes one part of objects, such as their status. */
export interface Subresource<T extends KubeObject> {
  /** Reads the part of one object. */
  get(name: string, options?: GetOptions): Promise<T>;
  /** Replaces it. With `metadata.resourceVersion` set it fails with a conflict when the object has changed. */
  replace(object: Draft<T>, options?: WriteOptions): Promise<T>;
  /** Changes it without reading it first. */
  patch(name: string, patch: Patch, options?: WriteOptions): Promise<T>;
  /** Server-side apply. */
  apply(object: Draft<T>, options?: ApplyOptions): Promise<T>;
}
