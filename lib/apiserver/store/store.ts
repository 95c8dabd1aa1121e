import type { JSONObject } from "../../k8s/contract.ts";
import { Change } from "./change.ts";
import { Collection } from "./collection.ts";
import { recordOf, type StoredObject } from "./record.ts";

/**
 * All objects of the server. One counter numbers all changes, as etcd's revision does: an object's resourceVersion is
 * the number of its last change, a list's that of the last change anywhere.
 */
export class Store {
  #revision = 1;
  readonly #historyLimit: number;
  readonly #listeners: ((change: Change, collection: Collection) => void)[] = [];
  readonly #collections = new Map<string, Collection>();

  /** @param historyLimit how many changes of each resource are remembered for watches and old lists. */
  constructor(historyLimit: number) {
    this.#historyLimit = historyLimit;
  }

  /** Number of the last change. */
  get revision(): number {
    return this.#revision;
  }

  /** The objects under a storage key; made when first asked for. */
  collection(storageKey: string): Collection {
    let collection = this.#collections.get(storageKey);
    if (collection === undefined) {
      // Nothing of this resource happened before, so watches may begin at any earlier revision.
      collection = new Collection(0, this.#historyLimit);
      this.#collections.set(storageKey, collection);
      for (const listener of this.#listeners) this.#attach(listener, collection);
    }
    return collection;
  }

  /** Calls the listener for each change of any resource, those to come included. */
  subscribe(listener: (change: Change, collection: Collection) => void): void {
    this.#listeners.push(listener);
    for (const collection of this.#collections.values()) this.#attach(listener, collection);
  }

  /** Stores a document under the next revision, which becomes its resourceVersion; the document is changed so. */
  put(collection: Collection, object: JSONObject, previous: StoredObject | undefined): StoredObject {
    const record = recordOf(object, ++this.#revision);
    collection.record(new Change(record.revision, previous, record));
    return record;
  }

  /** Removes an object; this takes a revision too. */
  remove(collection: Collection, previous: StoredObject): Change {
    const change = new Change(++this.#revision, previous, undefined);
    collection.record(change);
    return change;
  }

  /** Forgets all history up to now, as etcd's compaction does: older watches and lists get 410. */
  compact(): void {
    for (const collection of this.#collections.values()) collection.log.compact(this.#revision);
  }

  #attach(listener: (change: Change, collection: Collection) => void, collection: Collection): void {
    collection.subscribe((change) => listener(change, collection));
  }
}
