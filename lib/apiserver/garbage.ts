import { compare } from "./apply/compare.ts";
import { readOwners, withoutFields, writeOwners } from "./apply/managed_fields.ts";
import { objectFields } from "./schema/resource_schema.ts";
import type { StructSchema } from "./schema/type_schema.ts";
import type { JSONObject, JSONValue } from "../k8s/contract.ts";
import type { Clock } from "../util/clock/mod.ts";
import type { Context } from "./context.ts";
import { planDeletion } from "./deletion.ts";
import { arrayAt, objectAt, objectsAt, parseStored, stringAt } from "./json.ts";
import type { Registry } from "./resources/registry.ts";
import type { Store } from "./store/store.ts";
import { namespaces } from "./resources/builtin.ts";
import { storageKey } from "./resources/served_resource.ts";
import type { Change } from "./store/change.ts";
import { type Collection, rangeOf } from "./store/collection.ts";
import { recordKey, type StoredObject } from "./store/record.ts";

/** What all kinds of objects have. */
const objectSchema: StructSchema = {
  type: "struct",
  name: "",
  atomic: false,
  fields: new Map(objectFields()),
  others: undefined,
};

/**
 * Does what kube-controller-manager's garbage collector and namespace controller do: when an object is gone or never
 * was, its dependents go unless they have another owner that lives; owners that are deleted with propagation "Orphan"
 * or "Foreground" are seen to; and a namespace that is being deleted is emptied. It runs in the background, which means
 * after the request that caused it was stored.
 */
export class GarbageCollector {
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
  }

  /** Begins to work. */
  start(): void {
    this.#store.subscribe((change, collection) => this.#onChange(change, collection));
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
      if (next.owners !== undefined) this.#later(() => this.#collect({ collection, key: change.key }));
      if (next.json.includes('"deletionTimestamp"')) this.#later(() => this.#release(collection, change.key));
      return;
    }
    if (previous === undefined) return;
    if (inNamespaces) this.#terminating.delete(previous.name);
    for (const dependent of this.#dependentsOf(previous.uid)) this.#later(() => this.#collect(dependent));
    for (const owner of previous.owners ?? []) this.#later(() => this.#releaseOwner(previous, owner));
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

  #dependentsOf(uid: string): readonly Dependent[] {
    return [...this.#dependents.get(uid)?.values() ?? []];
  }

  /** Deletes an object none of whose owners lives; takes those that do not out of its ownerReferences otherwise. */
  #collect({ collection, key }: Dependent): void {
    const record = collection.get(key);
    if (record?.owners === undefined) return;
    const owners = objectsAt(objectAt(parseStored(record.json), "metadata"), "ownerReferences");
    const living = owners.filter((owner) => this.#lives(owner, record.namespace));
    if (living.length === 0) this.#delete(collection, record);
    else if (living.length < owners.length) this.#setOwners(collection, record, living);
  }

  #lives(owner: JSONObject, namespace: string): boolean {
    const resource = this.#registry.findKind(stringAt(owner, "apiVersion"), stringAt(owner, "kind"));
    // Nobody knows whether an owner of an unknown kind lives.
    if (resource === undefined) return true;
    // Nor does a cluster-scoped object say in which namespace its owner were.
    if (resource.namespaced && namespace === "") return true;
    const key = recordKey(resource.namespaced ? namespace : "", stringAt(owner, "name"));
    return this.#store.collection(storageKey(resource)).get(key)?.uid === stringAt(owner, "uid");
  }

  #setOwners(collection: Collection, record: StoredObject, owners: readonly JSONValue[]): void {
    const object = parseStored(record.json);
    const metadata = objectAt(object, "metadata");
    const before = { metadata: { ownerReferences: [...arrayAt(metadata, "ownerReferences")] } };
    const after = { metadata: owners.length === 0 ? {} : { ownerReferences: [...owners] } };
    if (owners.length === 0) delete metadata["ownerReferences"];
    else metadata["ownerReferences"] = [...owners];
    // Nobody has applied any more what is not there.
    writeOwners(object, withoutFields(readOwners(object), compare(before, after, objectSchema)));
    this.#store.put(collection, object, record);
  }

  /** Does for an owner that is being deleted what its finalizers wait for, and takes them away. */
  #release(collection: Collection, key: string): void {
    const record = collection.get(key);
    if (record === undefined) return;
    const finalizers = arrayAt(objectAt(parseStored(record.json), "metadata"), "finalizers");
    if (finalizers.includes("orphan")) {
      for (const dependent of this.#dependentsOf(record.uid)) this.#orphan(dependent, record.uid);
      this.#dropFinalizer(collection, key, "orphan");
    } else if (finalizers.includes("foregroundDeletion")) {
      const blocking = this.#dependentsOf(record.uid).filter((dependent) => isBlocking(dependent, record.uid));
      for (const dependent of blocking) {
        const blocker = dependent.collection.get(dependent.key);
        if (blocker !== undefined) this.#delete(dependent.collection, blocker);
      }
      if (!this.#dependentsOf(record.uid).some((dependent) => isBlocking(dependent, record.uid))) {
        this.#dropFinalizer(collection, key, "foregroundDeletion");
      }
    }
  }

  /** A dependent is gone: its owner may have waited for that. */
  #releaseOwner(dependent: StoredObject, uid: string): void {
    for (const owner of objectsAt(objectAt(parseStored(dependent.json), "metadata"), "ownerReferences")) {
      if (owner["uid"] !== uid) continue;
      const resource = this.#registry.findKind(stringAt(owner, "apiVersion"), stringAt(owner, "kind"));
      if (resource === undefined) continue;
      const key = recordKey(resource.namespaced ? dependent.namespace : "", stringAt(owner, "name"));
      const collection = this.#store.collection(storageKey(resource));
      if (collection.get(key)?.json.includes('"deletionTimestamp"') === true) this.#release(collection, key);
    }
  }

  #orphan({ collection, key }: Dependent, uid: string): void {
    const record = collection.get(key);
    if (record === undefined) return;
    const owners = objectsAt(objectAt(parseStored(record.json), "metadata"), "ownerReferences");
    this.#setOwners(collection, record, owners.filter((owner) => owner["uid"] !== uid));
  }

  #dropFinalizer(collection: Collection, key: string, finalizer: string): void {
    const record = collection.get(key);
    if (record === undefined) return;
    const object = parseStored(record.json);
    const metadata = objectAt(object, "metadata");
    const others = arrayAt(metadata, "finalizers").filter((each) => each !== finalizer);
    // The node has the last word on a pod that is ending.
    const isEnding = (metadata["deletionGracePeriodSeconds"] ?? 0) !== 0;
    if (others.length === 0 && !isEnding) return void this.#store.remove(collection, record);
    if (others.length === 0) delete metadata["finalizers"];
    else metadata["finalizers"] = [...others];
    this.#store.put(collection, object, record);
  }

  /** Removes an object, or marks it when finalizers or a grace period keep it. */
  #delete(collection: Collection, record: StoredObject): void {
    const object = parseStored(record.json);
    const finalizers = arrayAt(objectAt(object, "metadata"), "finalizers");
    const request = { gracePeriodSeconds: undefined, finalizers, now: this.#clock.now() };
    const deletion = planDeletion(object, request);
    switch (deletion.type) {
      case "pending":
        return;
      case "remove":
        this.#store.remove(collection, record);
        return;
      case "mark": {
        const marked = this.#store.put(collection, deletion.object, record);
        if (deletion.thenRemove) this.#store.remove(collection, marked);
      }
    }
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

function isBlocking({ collection, key }: Dependent, uid: string): boolean {
  const record = collection.get(key);
  return record !== undefined && objectsAt(objectAt(parseStored(record.json), "metadata"), "ownerReferences")
    .some((owner) => owner["uid"] === uid && owner["blockOwnerDeletion"] === true);
}
