import { type Clock, deadline } from "../util/clock/mod.ts";
import { abortable } from "./abortable.ts";
import { formatGroupResource, type GroupResource, isAny, type Resource } from "./api/resource.ts";
import type { JSONObject, JSONValue, RestClient } from "./contract.ts";
import { InvalidObjectError, isJsonObject, isNotFound } from "./errors.ts";
import type { KubeObject } from "./types.ts";

/** A resource as the server describes it, in its preferred version. */
export interface DiscoveredResource extends Resource<KubeObject> {
  /** What the resource can do, such as "list", "watch", "patch". */
  readonly verbs: readonly string[];
}

/** The server does not have the resource. The message names it and asks for its CustomResourceDefinition. */
export class UnknownResourceError extends Error {
  override readonly name = "UnknownResourceError";
  readonly resource: GroupResource;

  constructor(resource: GroupResource, options?: ErrorOptions) {
    const name = formatGroupResource(resource);
    super(
      `the API server does not have the resource "${name}": is its CustomResourceDefinition installed, and its name ` +
        "the plural one?",
      options,
    );
    this.resource = resource;
  }
}

/** Settings of a {@link Discovery}. */
export interface DiscoveryOptions {
  readonly clock: Clock;
  /** When something is not found the server is asked again at most this often, in milliseconds. @default 5000 */
  readonly refreshInterval?: number;
}

/** Resources by plural name. */
type Catalog = ReadonlyMap<string, DiscoveredResource>;

interface Entry {
  readonly catalogs: ReadonlyMap<string, Catalog>;
  readonly loadedAt: number;
}

/** A document, and what it says of the resources if it says anything. */
interface Loaded {
  readonly document: JSONObject;
  readonly catalogs: ReadonlyMap<string, Catalog> | undefined;
}

/** Asks for every group in one document (KEP-3352); servers that cannot do that answer with the plain one. */
const aggregated = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json";

/** One caller's abort does not end a look-up that others share, so it has a limit of its own, in milliseconds. */
const longestLoad = 30_000;

/** Finds out what the server calls a resource: kind, preferred version, scope. Answers from memory while it can. */
export class Discovery {
  readonly #client: RestClient;
  readonly #clock: Clock;
  readonly #refreshInterval: number;
  /** By what is loaded together: `/api`, `/apis`, or a group of a server that has only plain documents. */
  readonly #entries = new Map<string, Entry>();
  readonly #loading = new Map<string, Promise<Loaded>>();

  constructor(client: RestClient, { clock, refreshInterval = 5_000 }: DiscoveryOptions) {
    this.#client = client;
    this.#clock = clock;
    this.#refreshInterval = refreshInterval;
  }

  /**
   * The resource in the version that the server prefers.
   * @throws UnknownResourceError when the server does not have it; ApiError and ConnectionError when it cannot be
   *   asked.
   */
  async resourceFor(wanted: GroupResource, signal?: AbortSignal): Promise<DiscoveredResource> {
    signal?.throwIfAborted();
    const { group } = wanted;
    const known = this.#entries.get(rootOf(group)) ?? this.#entries.get(group);
    const found = known?.catalogs.get(group)?.get(wanted.resource);
    if (found !== undefined) return found;
    if (known !== undefined && this.#clock.monotonic() - known.loadedAt < this.#refreshInterval) {
      throw new UnknownResourceError(wanted);
    }
    const fresh = await abortable(this.#reload(group), signal);
    const resource = fresh.catalogs.get(group)?.get(wanted.resource);
    if (resource === undefined) throw new UnknownResourceError(wanted);
    return resource;
  }

  /** Forgets what is known of a resource, as the server did not have it there: the server is asked again. */
  forget({ group }: GroupResource): void {
    this.#entries.delete(rootOf(group));
    this.#entries.delete(group);
  }

  /** The document of all groups is loaded once for all that wait for it, a plain group once for those of the group. */
  async #reload(group: string): Promise<Entry> {
    const root = rootOf(group);
    const loaded = await this.#once(root, (signal) => this.#loadRoot(root, signal));
    if (loaded.catalogs !== undefined) return this.#keep(root, loaded.catalogs);
    const plain = await this.#once(group, async (signal) => {
      const catalog = await this.#loadPlain(group, loaded.document, signal);
      return { catalogs: new Map([[group, catalog]]), document: loaded.document };
    });
    return this.#keep(group, plain.catalogs ?? new Map());
  }

  #once(what: string, load: (signal: AbortSignal) => Promise<Loaded>): Promise<Loaded> {
    const running = this.#loading.get(what) ?? this.#limited(load).finally(() => this.#loading.delete(what));
    this.#loading.set(what, running);
    return running;
  }

  async #limited(load: (signal: AbortSignal) => Promise<Loaded>): Promise<Loaded> {
    using limit = deadline(this.#clock, longestLoad, "discovery");
    return await load(limit.signal);
  }

  #keep(what: string, catalogs: ReadonlyMap<string, Catalog>): Entry {
    const entry = { catalogs, loadedAt: this.#clock.monotonic() };
    this.#entries.set(what, entry);
    return entry;
  }

  async #loadRoot(root: string, signal: AbortSignal): Promise<Loaded> {
    const document = await this.#get(root, signal, aggregated);
    const whole = document["kind"] === "APIGroupDiscoveryList";
    return { document, catalogs: whole ? readAggregated(document) : undefined };
  }

  /** The documents of one group, as servers before 1.26 and many aggregated or fake ones have them. */
  async #loadPlain(group: string, root: JSONObject, signal: AbortSignal): Promise<Catalog> {
    const versions = group === "" ? strings(root["versions"]) : preferredFirst(objects(root["groups"]), group);
    const catalog = new Map<string, DiscoveredResource>();
    for (const version of versions) {
      const path = group === "" ? `/api/${version}` : `/apis/${group}/${version}`;
      let document: JSONObject;
      try {
        document = await this.#get(path, signal, "application/json");
      } catch (error) {
        if (isNotFound(error)) continue; // It went between the two requests.
        throw error;
      }
      for (const resource of objects(document["resources"])) {
        const { name, kind, namespaced, verbs } = resource;
        if (typeof name !== "string" || typeof kind !== "string" || name.includes("/") || catalog.has(name)) continue;
        catalog.set(name, discovered(group, version, name, kind, namespaced === true, verbs));
      }
    }
    return catalog;
  }

  async #get(path: string, signal: AbortSignal, accept: string): Promise<JSONObject> {
    const request = { method: "GET", path, accept, abortSignal: signal, expectJson: true } as const;
    const document = await this.#client.performRequest(request);
    if (isJsonObject(document)) return document;
    throw new InvalidObjectError(`GET ${path}: the answer is no discovery document`);
  }
}

function rootOf(group: string): string {
  return group === "" ? "/api" : "/apis";
}

function readAggregated(document: JSONObject): Map<string, Catalog> {
  const catalogs = new Map<string, Catalog>();
  for (const { metadata, versions } of objects(document["items"])) {
    const { name: group = "" } = isJsonObject(metadata) ? metadata : {};
    if (typeof group !== "string") continue;
    const catalog = new Map<string, DiscoveredResource>();
    // Versions stand in the order of preference; a resource counts in the first one that has it.
    for (const { version, resources } of objects(versions)) {
      for (const { resource, responseKind, scope, verbs } of objects(resources)) {
        const { kind } = isJsonObject(responseKind) ? responseKind : {};
        if (typeof version !== "string" || typeof resource !== "string" || typeof kind !== "string") continue;
        if (!catalog.has(resource)) {
          catalog.set(resource, discovered(group, version, resource, kind, scope === "Namespaced", verbs));
        }
      }
    }
    catalogs.set(group, catalog);
  }
  return catalogs;
}

function preferredFirst(groups: readonly JSONObject[], name: string): string[] {
  const group = groups.find((candidate) => candidate["name"] === name) ?? {};
  const { preferredVersion, versions } = group;
  const preferred = isJsonObject(preferredVersion) ? [preferredVersion["version"]] : [];
  return [...new Set(strings([...preferred, ...objects(versions).map(({ version }) => version)]))];
}

function discovered(
  group: string,
  version: string,
  plural: string,
  kind: string,
  namespaced: boolean,
  verbs: JSONValue,
): DiscoveredResource {
  return { group, version, plural, kind, namespaced, verbs: strings(verbs), is: isAny };
}

function objects(value: JSONValue): JSONObject[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}

function strings(value: JSONValue): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}
