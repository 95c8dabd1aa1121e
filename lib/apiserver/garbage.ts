import type { JSONObject } from "../k8s/contract.ts";
import type { Clock } from "../util/clock/mod.ts";
import { type Context, type Dependents, timestamp } from "./context.ts";
import { arrayAt, objectAt, objectsAt, parseStored, stringAt } from "./json.ts";
import type { Registry } from "./resources/registry.ts";
import type { Store } from "./store/store.ts";
import { namespaces } from "./resources/builtin.ts";
import { storageKey } from "./resources/served_resource.ts";
import type { Change } from "./store/change.ts";
import { type Collection, rangeOf } from "./store/collection.ts";
import { recordKey, type StoredObject } from "./store/record.ts";

/**
 * Does what kube-controller-manager's garbage collector and namespace controller do: when an object is gone, its
 * dependents go unless they have another owner that lives, and a namespace that is being deleted is emptied. It runs
 * in the background, which means after the request that caused it was stored.
 *
 * Propagation "Foreground" is treated as "Background", and an object whose owner never existed stays.
 */
export class GarbageCollector implements Dependents {
  readonly #store: Store;
  readonly #registry: Registry;
  readonly #clock: Clock;
  readonly #closing: AbortSignal;
  /** Dependents by the uid of each of their owners. */
  readonly #dependents = new Map<string, Map<StoredObject["uid"], Dependent>>();
  /** Names of the namespaces that are being deleted. */
  readonly #terminating = new Set<string>();

  constructor({ store, registry, clock, closing }: Pick<Context, "store" | "registry" | "clock" | "closing">) {
    this.#store = store;
    this.#registry = registry;
    this.#clock = clock;
    this.#closing = closing;
    store.subscribe((change, collection) => this.#onChange(change, collection));
  }

  orphan(uid: string): void {
    for (const { collection, key } of [...this.#dependents.get(uid)?.values() ?? []]) {
      const record = collection.get(key);
      if (record === undefined) continue;
      const object = parseStored(record.json);
      const metadata = objectAt(object, "metadata");
      const owners = objectsAt(metadata, "ownerReferences").filter((owner) => owner["uid"] !== uid);
      if (owners.length === 0) delete metadata["ownerReferences"];
      else metadata["ownerReferences"] = owners.map((owner) => ({ ...owner }));
      this.#store.put(collection, object, record);
    }
  }

  #onChange(change: Change, collection: Collection): void {
    const { previous, next } = change;
    for (const owner of previous?.owners ?? []) this.#forget(owner, previous?.uid ?? "");
    for (const owner of next?.owners ?? []) {
      const known = this.#dependents.get(owner) ?? new Map<string, Dependent>();
      this.#dependents.set(owner, known.set(next?.uid ?? "", { collection, key: change.key }));
    }
    const inNamespaces = collection === this.#store.collection(storageKey(namespaces));
    if (next !== undefined) {
      if (inNamespaces && next.json.includes('"deletionTimestamp"')) {
        this.#terminating.add(next.name);
        this.#later(() => this.#terminate(next.name));
      }
      return;
    }
    if (previous === undefined) return;
    if (inNamespaces) this.#terminating.delete(previous.name);
    if (this.#dependents.has(previous.uid)) this.#later(() => this.#collect(previous.uid));
    if (this.#terminating.has(previous.namespace)) this.#later(() => this.#terminate(previous.namespace));
  }

  #forget(owner: string, dependent: string): void {
    const known = this.#dependents.get(owner);
    known?.delete(dependent);
    if (known?.size === 0) this.#dependents.delete(owner);
  }

  #later(task: () => void): void {
    void Promise.resolve().then(() => {
      if (!this.#closing.aborted) task();
    });
  }

  /** Deletes the dependents of an object that is gone. */
  #collect(uid: string): void {
    for (const { collection, key } of [...this.#dependents.get(uid)?.values() ?? []]) {
      const record = collection.get(key);
      if (record !== undefined && !this.#hasLivingOwner(record)) this.#delete(collection, record);
    }
  }

  #hasLivingOwner(record: StoredObject): boolean {
    return objectsAt(objectAt(parseStored(record.json), "metadata"), "ownerReferences").some((owner) => {
      const resource = this.#registry.findKind(stringAt(owner, "apiVersion"), stringAt(owner, "kind"));
      // Nobody knows whether an owner of an unknown kind lives.
      if (resource === undefined) return true;
      const key = recordKey(resource.namespaced ? record.namespace : "", stringAt(owner, "name"));
      return this.#store.collection(storageKey(resource)).get(key)?.uid === stringAt(owner, "uid");
    });
  }

  /** Removes an object, or marks it when finalizers keep it. */
  #delete(collection: Collection, record: StoredObject): void {
    const object = parseStored(record.json);
    const metadata = objectAt(object, "metadata");
    if (arrayAt(metadata, "finalizers").length === 0) {
      this.#store.remove(collection, record);
      return;
    }
    if (metadata["deletionTimestamp"] !== undefined) return;
    metadata["deletionTimestamp"] = timestamp(this.#clock);
    metadata["deletionGracePeriodSeconds"] = 0;
    if (typeof metadata["generation"] === "number") metadata["generation"]++;
    this.#store.put(collection, object, record);
  }

  /** Empties a namespace that is being deleted, and removes it when it is empty. */
  #terminate(name: string): void {
    const collection = this.#store.collection(storageKey(namespaces));
    const record = collection.get(recordKey("", name));
    if (record === undefined) return;
    const object = parseStored(record.json);
    const metadata = objectAt(object, "metadata");
    if (metadata["deletionTimestamp"] === undefined) return;
    let left = 0;
    for (const each of this.#collections()) {
      for (const content of [...each.range(rangeOf(name))]) {
        this.#delete(each, content);
        if (each.get(content.key) !== undefined) left++;
      }
    }
    if (left === 0 && collection.get(record.key) === record) this.#finalize(collection, record, object, metadata);
  }

  #finalize(collection: Collection, record: StoredObject, object: JSONObject, metadata: JSONObject): void {
    const spec = objectAt(object, "spec");
    const others = arrayAt(spec, "finalizers").filter((finalizer) => finalizer !== "kubernetes");
    if (others.length === 0 && arrayAt(metadata, "finalizers").length === 0) {
      this.#store.remove(collection, record);
    } else if (others.length < arrayAt(spec, "finalizers").length) {
      object["spec"] = { ...spec, finalizers: others };
      this.#store.put(collection, object, record);
    }
  }

  #collections(): ReadonlySet<Collection> {
    const keys = this.#registry.all().filter(({ namespaced }) => namespaced).map(storageKey);
    return new Set(keys.map((key) => this.#store.collection(key)));
  }
}

/** Where a dependent is. */
interface Dependent {
  readonly collection: Collection;
  readonly key: string;
}
