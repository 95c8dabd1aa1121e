import { abortable } from "../../k8s/abortable.ts";
import { formatKey, keyOf, type KubeObject, type ObjectKey } from "../../k8s/types.ts";
import type { WatcherEvent } from "./watcher_event.ts";

/** Under which values an object is found in an index. Must be pure, must not throw. */
export type IndexFunction<T> = (object: T) => readonly string[];

/** What readers see of a {@link StoreWriter}'s objects. They are shared: never change one. */
export interface StoreReader<T> {
  /** The object of this key. */
  get(key: ObjectKey): T | undefined;
  /** All objects, in no particular order. */
  list(): IterableIterator<T>;
  /**
   * The objects that an index function put under this value.
   * @throws RangeError when the store has no such index.
   */
  byIndex(index: string, value: string): readonly T[];
  /** How many objects there are. */
  readonly size: number;
  /** Was the collection complete once? It stays true while the watch is broken. */
  readonly ready: boolean;
  /**
   * Resolves when the store is ready.
   * @throws the signal's reason when it aborts first, or the reason for which the store was closed without being ready.
   */
  whenReady(signal?: AbortSignal): Promise<void>;
}

/** One change of a store. A deleted object is its last known state. */
export type StoreChange<T> =
  | { readonly type: "added"; readonly object: T }
  | { readonly type: "updated"; readonly object: T; readonly previous: T }
  | { readonly type: "deleted"; readonly object: T };

/** The writing side of a store: one per store, fed with the events of one watcher. */
export class StoreWriter<T extends KubeObject> {
  readonly #objects: ObjectStore<T>;
  /** A complete account of the collection as far as it has come; undefined when none is under way. */
  #account: Map<string, T> | undefined;

  constructor(indices: Readonly<Record<string, IndexFunction<T>>> = {}) {
    this.#objects = new ObjectStore(indices);
  }

  /** The reading side. */
  get reader(): StoreReader<T> {
    return this.#objects;
  }

  /**
   * Takes one event and says what it changed. Readers see a new account of the collection only at its `init_done`, all
   * at once; what is the same as before (by resourceVersion) is no change.
   */
  apply(event: WatcherEvent<T>): readonly StoreChange<T>[] {
    switch (event.type) {
      case "init":
        this.#account = new Map();
        return [];
      case "init_done":
        return this.#replace(this.#account ?? new Map());
      case "init_apply":
      case "apply":
        return this.#put(event.object);
      case "delete":
        return this.#delete(event.object);
    }
  }

  /** There will be no more events: whoever waits for a store that never became ready is rejected with `reason`. */
  close(reason: unknown): void {
    this.#objects.close(reason);
  }

  #put(object: T): readonly StoreChange<T>[] {
    const key = formatKey(keyOf(object));
    const previous = this.#objects.find(key);
    if (this.#account !== undefined) {
      // The object we have already, where it is the same: so a relist does not hold everything twice.
      this.#account.set(key, previous !== undefined && isSame(previous, object) ? previous : object);
      return [];
    }
    const changes = difference(previous, object);
    if (changes.length > 0) this.#objects.put(key, object);
    return changes;
  }

  #delete(object: T): readonly StoreChange<T>[] {
    const key = formatKey(keyOf(object));
    if (this.#account !== undefined) {
      this.#account.delete(key);
      return [];
    }
    return this.#objects.remove(key) ? [{ type: "deleted", object }] : [];
  }

  #replace(account: Map<string, T>): readonly StoreChange<T>[] {
    this.#account = undefined;
    const changes: StoreChange<T>[] = [];
    for (const [key, object] of this.#objects.entries()) {
      if (!account.has(key)) changes.push({ type: "deleted", object });
    }
    for (const [key, object] of account) changes.push(...difference(this.#objects.find(key), object));
    this.#objects.replace(account, changes);
    return changes;
  }
}

/** Same object in the same version. Without a version nothing is known to be the same. */
function isSame(a: KubeObject, b: KubeObject): boolean {
  const { resourceVersion, uid } = a.metadata;
  return resourceVersion !== undefined && resourceVersion === b.metadata.resourceVersion && uid === b.metadata.uid;
}

function difference<T extends KubeObject>(previous: T | undefined, object: T): readonly StoreChange<T>[] {
  if (previous === undefined) return [{ type: "added", object }];
  if (previous === object || isSame(previous, object)) return [];
  // Deleted and created again unseen: another object, of which an "update" would say too little (its generation is 1 again).
  if (previous.metadata.uid !== object.metadata.uid) {
    return [{ type: "deleted", object: previous }, { type: "added", object }];
  }
  return [{ type: "updated", object, previous }];
}

/** Objects in one Map under `namespace/name`, and for each index the objects under each value. */
class ObjectStore<T extends KubeObject> implements StoreReader<T> {
  readonly #functions: ReadonlyMap<string, IndexFunction<T>>;
  readonly #indices = new Map<string, Map<string, Set<T>>>();
  readonly #opening = Promise.withResolvers<void>();
  #objects = new Map<string, T>();
  #ready = false;

  constructor(indices: Readonly<Record<string, IndexFunction<T>>>) {
    this.#functions = new Map(Object.entries(indices));
    for (const name of this.#functions.keys()) this.#indices.set(name, new Map());
    // Nobody has to wait for it.
    this.#opening.promise.catch(() => undefined);
  }

  get(key: ObjectKey): T | undefined {
    return this.#objects.get(formatKey(key));
  }

  list(): IterableIterator<T> {
    return this.#objects.values();
  }

  byIndex(index: string, value: string): readonly T[] {
    const values = this.#indices.get(index);
    if (values === undefined) {
      const known = [...this.#indices.keys()].join(", ");
      throw new RangeError(`this store has no index "${index}"; it has: ${known === "" ? "none" : known}`);
    }
    return [...values.get(value) ?? []];
  }

  get size(): number {
    return this.#objects.size;
  }

  get ready(): boolean {
    return this.#ready;
  }

  whenReady(signal?: AbortSignal): Promise<void> {
    return this.#ready ? this.#opening.promise : abortable(this.#opening.promise, signal);
  }

  find(key: string): T | undefined {
    return this.#objects.get(key);
  }

  entries(): IterableIterator<[string, T]> {
    return this.#objects.entries();
  }

  put(key: string, object: T): void {
    const previous = this.#objects.get(key);
    if (previous !== undefined) this.#removeFromIndices(previous);
    this.#objects.set(key, object);
    this.#addToIndices(object);
  }

  remove(key: string): boolean {
    const previous = this.#objects.get(key);
    if (previous === undefined) return false;
    this.#removeFromIndices(previous);
    return this.#objects.delete(key);
  }

  replace(objects: Map<string, T>, changes: readonly StoreChange<T>[]): void {
    for (const change of changes) {
      if (change.type === "deleted") this.#removeFromIndices(change.object);
      else {
        if (change.type === "updated") this.#removeFromIndices(change.previous);
        this.#addToIndices(change.object);
      }
    }
    this.#objects = objects;
    this.#ready = true;
    this.#opening.resolve();
  }

  close(reason: unknown): void {
    this.#opening.reject(reason);
  }

  #addToIndices(object: T): void {
    for (const [name, values] of this.#indices) {
      for (const value of this.#functions.get(name)?.(object) ?? []) {
        const objects = values.get(value);
        if (objects === undefined) values.set(value, new Set([object]));
        else objects.add(object);
      }
    }
  }

  #removeFromIndices(object: T): void {
    for (const [name, values] of this.#indices) {
      // Asked again instead of remembered for each object: the function is pure, and memory is dearer.
      for (const value of this.#functions.get(name)?.(object) ?? []) {
        const objects = values.get(value);
        objects?.delete(object);
        if (objects?.size === 0) values.delete(value);
      }
    }
  }
}
