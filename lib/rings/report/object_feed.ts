import { abortable } from "../../k8s/abortable.ts";
import { Api } from "../../k8s/api/api.ts";
import { formatGroupResource, type GroupResource } from "../../k8s/api/resource.ts";
import type { RestClient } from "../../k8s/contract.ts";
import type { DiscoveredResource } from "../../k8s/discovery.ts";
import { formatKey, keyOf, type PartialObjectMetadata } from "../../k8s/types.ts";
import type { Runnable } from "../../runtime/runnable.ts";
import { watch, type WatcherEvent } from "../../runtime/watch/mod.ts";
import { controlledResources, type ControllerRing, mainResources } from "../../sharding/ring_types.ts";
import { BoundedQueue } from "../../util/bounded_queue.ts";
import type { Clock } from "../../util/clock/mod.ts";
import type { Random } from "../../util/random.ts";
import { moveBetween, type ObjectMove } from "./object_move.ts";
import { type ObjectKind, type ShardedObject, shardedObject } from "./sharded_object.ts";

/** What an {@link ObjectFeed} works with. */
export interface ObjectFeedOptions {
  readonly ring: ControllerRing;
  readonly client: RestClient;
  /** Finds out what the server calls the ring's resources; `Discovery` is one. */
  readonly lookup: { resourceFor(resource: GroupResource, signal?: AbortSignal): Promise<DiscoveredResource> };
  /** Is this namespace one of the ring's? Asked anew for each report. @default all are */
  readonly selects?: (namespace: string) => boolean;
  readonly clock: Clock;
  readonly random: Random;
}

/** Changes that nobody has read yet; a reader who is so far behind loses the rest. */
const longestBacklog = 10_000;

/**
 * Follows the objects of one ring, for people who look on: a metadata watch for each resource, and a small record for
 * each object. So it needs memory for every object of the ring, some hundred bytes each; the sharder itself never does
 * that. It follows the resources that the ring named when it was made.
 */
export class ObjectFeed implements Runnable {
  readonly name: string;
  readonly #options: ObjectFeedOptions;
  /** By resource, then `namespace/name`. */
  readonly #objects = new Map<string, Map<string, ShardedObject>>();
  readonly #readers = new Set<BoundedQueue<ObjectMove>>();
  readonly #ready = Promise.withResolvers<void>();
  #closed = false;

  constructor(options: ObjectFeedOptions) {
    this.#options = options;
    this.name = `objects of ring ${options.ring.metadata.name}`;
    this.#ready.promise.catch(() => undefined); // Nobody may be waiting when it fails.
  }

  /** Resolves when all objects are known; rejects when `signal` aborts, or when this stopped before. */
  whenSynced(signal?: AbortSignal): Promise<void> {
    return abortable(this.#ready.promise, signal);
  }

  /** The objects in the ring's namespaces, in no particular order. */
  *objects(): Generator<ShardedObject, void, undefined> {
    const { selects = (): boolean => true } = this.#options;
    for (const collection of this.#objects.values()) {
      for (const object of collection.values()) if (selects(object.namespace)) yield object;
    }
  }

  /** One object; undefined when it is not there. */
  find(resource: GroupResource, namespace: string, name: string): ShardedObject | undefined {
    return this.#objects.get(formatGroupResource(resource))?.get(formatKey({ namespace, name }));
  }

  /** What happens from now on in the ring's namespaces, or all of it when nobody has started this yet. */
  async *moves(signal: AbortSignal): AsyncGenerator<ObjectMove, void, undefined> {
    const queue = new BoundedQueue<ObjectMove>(longestBacklog);
    const close = (): void => queue.close();
    this.#readers.add(queue);
    signal.addEventListener("abort", close, { once: true });
    if (signal.aborted || this.#closed) close();
    try {
      for await (const move of queue) {
        if (signal.aborted) return;
        yield move;
      }
    } finally {
      signal.removeEventListener("abort", close);
      this.#readers.delete(queue);
    }
  }

  /**
   * Follows the objects until the signal aborts.
   * @throws UnknownResourceError when the server does not have one of the ring's resources; ApiError and
   *   ConnectionError when it cannot be asked for them.
   */
  async run(signal: AbortSignal): Promise<void> {
    const { ring, lookup } = this.#options;
    const failed = new AbortController();
    const either = AbortSignal.any([signal, failed.signal]);
    const main = mainResources(ring).map((resource) => ({ ...resource, role: "main" as const }));
    const controlled = controlledResources(ring).map((resource) => ({ ...resource, role: "controlled" as const }));
    try {
      const kinds = await Promise.all([...main, ...controlled].map(async (resource) => {
        const found = await lookup.resourceFor(resource, either);
        return { found, kind: { ...resource, kind: found.kind } };
      }));
      const followed = kinds.map(({ found, kind }) => this.#follow(found, kind, either));
      void Promise.all(followed.map(({ synced }) => synced)).then(() => this.#ready.resolve());
      await Promise.all(followed.map(({ ended }) => ended));
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      failed.abort();
      this.#closed = true;
      this.#ready.reject(signal.reason ?? new Error(`the ${this.name} are not followed any more`));
      for (const reader of this.#readers) reader.close();
    }
  }

  #follow(
    found: DiscoveredResource,
    kind: ObjectKind,
    signal: AbortSignal,
  ): { readonly synced: Promise<void>; readonly ended: Promise<void> } {
    const { client, clock, random } = this.#options;
    const synced = Promise.withResolvers<void>();
    const collection = new Map<string, ShardedObject>();
    this.#objects.set(formatGroupResource(kind), collection);
    const events = watch(new Api(client, found).asMetadata(), { clock, random, signal });
    const ended = (async (): Promise<void> => {
      const account = new Account(
        collection,
        (object) => shardedObject(this.#options.ring.metadata.name, kind, object),
      );
      for await (const event of events) {
        for (const change of account.take(event)) this.#publish(change.before, change.after);
        if (event.type === "init_done") synced.resolve();
      }
    })();
    return { synced: synced.promise, ended };
  }

  #publish(before: ShardedObject | undefined, after: ShardedObject | undefined): void {
    const { clock, selects = (): boolean => true } = this.#options;
    const move = moveBetween(before, after, clock.now());
    if (move === undefined || !selects(move.object.namespace)) return;
    for (const reader of this.#readers) reader.push(move);
  }
}

interface Change {
  readonly before: ShardedObject | undefined;
  readonly after: ShardedObject | undefined;
}

/** Keeps one collection as a watcher tells it. What was there at the first account is no change. */
class Account {
  readonly #collection: Map<string, ShardedObject>;
  readonly #read: (object: PartialObjectMetadata) => ShardedObject;
  /** Keys that the account under way has named. */
  readonly #seen = new Set<string>();
  #first = true;

  constructor(collection: Map<string, ShardedObject>, read: (object: PartialObjectMetadata) => ShardedObject) {
    this.#collection = collection;
    this.#read = read;
  }

  *take(event: WatcherEvent<PartialObjectMetadata>): Generator<Change, void, undefined> {
    switch (event.type) {
      case "init":
        this.#seen.clear();
        return;
      case "init_apply":
      case "apply": {
        const key = formatKey(keyOf(event.object));
        if (event.type === "init_apply") this.#seen.add(key);
        const change = this.#set(key, this.#read(event.object));
        if (!this.#first) yield change;
        return;
      }
      case "delete": {
        const change = this.#set(formatKey(keyOf(event.object)), undefined);
        if (!this.#first) yield change;
        return;
      }
      case "init_done":
        for (const key of [...this.#collection.keys()]) {
          if (!this.#seen.has(key)) yield this.#set(key, undefined);
        }
        this.#seen.clear();
        this.#first = false;
    }
  }

  #set(key: string, after: ShardedObject | undefined): Change {
    const before = this.#collection.get(key);
    if (after === undefined) this.#collection.delete(key);
    else this.#collection.set(key, after);
    return { before, after };
  }
}
