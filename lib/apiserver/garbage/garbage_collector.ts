import type { JSONObject } from "../../k8s/contract.ts";
import type { Context } from "../context.ts";
import { arrayAt, objectAt, parseStored, stringAt } from "../json.ts";
import type { Registry } from "../resources/registry.ts";
import { storageKey } from "../resources/served_resource.ts";
import type { Change } from "../store/change.ts";
import type { Collection } from "../store/collection.ts";
import { recordKey, type StoredObject } from "../store/record.ts";
import type { Store } from "../store/store.ts";
import { deleteInBackground, foreground } from "./background_deletion.ts";
import { isBlocking, ownerReferences, setReferences } from "./references.ts";

/** Where an object is. */
interface Place {
  readonly collection: Collection;
  readonly key: string;
}

/** What is known of an owner: it lives, it is gone, or it waits until its dependents are gone. */
type OwnerState = "solid" | "dangling" | "waiting";

/**
 * Does what kube-controller-manager's garbage collector does: when an object is gone or never was, its dependents go
 * unless they have another owner that lives; and owners that are deleted with propagation "Orphan" or "Foreground" are
 * seen to. It runs in the background, which means after the request that caused it was stored.
 */
export class GarbageCollector {
  readonly #store: Store;
  readonly #registry: Registry;
  readonly #now: () => number;
  readonly #closing: AbortSignal;
  /** Dependents by the uid of each of their owners, and then by their own. */
  readonly #dependents = new Map<string, Map<string, Place>>();
  /** Owners that wait until their dependents are gone, by uid. */
  readonly #waiting = new Map<string, Place>();

  constructor({ store, registry, clock, closing }: Pick<Context, "store" | "registry" | "clock" | "closing">) {
    this.#store = store;
    this.#registry = registry;
    this.#now = (): number => clock.now();
    this.#closing = closing;
  }

  /** Begins to work. */
  start(): void {
    this.#store.subscribe((change, collection) => this.#onChange(change, collection));
  }

  #onChange(change: Change, collection: Collection): void {
    const { previous, next, key } = change;
    for (const owner of previous?.owners ?? []) this.#forget(owner, previous?.uid ?? "");
    for (const owner of next?.owners ?? []) {
      const known = this.#dependents.get(owner) ?? new Map<string, Place>();
      this.#dependents.set(owner, known.set(next?.uid ?? "", { collection, key }));
    }
    if (next?.owners !== undefined) this.#later(() => this.#collect({ collection, key }));
    if (next !== undefined && isBeingDeleted(next)) this.#later(() => this.#release({ collection, key }));
    if (previous === undefined) return;
    for (const owner of previous.owners ?? []) {
      const waiting = this.#waiting.get(owner);
      if (waiting !== undefined) this.#later(() => this.#release(waiting));
    }
    if (next !== undefined) return;
    this.#waiting.delete(previous.uid);
    for (const dependent of this.#dependentsOf(previous.uid)) this.#later(() => this.#collect(dependent));
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

  #dependentsOf(uid: string): readonly Place[] {
    return [...this.#dependents.get(uid)?.values() ?? []];
  }

  /** Deletes an object none of whose owners stays; takes those that do not out of its ownerReferences otherwise. */
  #collect({ collection, key }: Place): void {
    const record = collection.get(key);
    if (record?.owners === undefined || isBeingDeleted(record)) return;
    const references = ownerReferences(record);
    const states = references.map((reference) => this.#stateOf(reference, record.namespace));
    const solid = references.filter((_, index) => states[index] === "solid");
    if (solid.length === references.length) return;
    if (solid.length > 0) return setReferences(this.#store, collection, record, solid);
    const dependents = this.#dependents.get(record.uid);
    const inForeground = states.includes("waiting") && dependents !== undefined;
    // Owners that are each other's dependents would wait for ever.
    const isCircle = inForeground && [...dependents.keys()].some((uid) => this.#waiting.has(uid));
    if (isCircle) {
      const patient = references.map((each) => ({ ...each, blockOwnerDeletion: false }));
      setReferences(this.#store, collection, record, patient);
    }
    const current = collection.get(key) ?? record;
    deleteInBackground({
      store: this.#store,
      collection,
      record: current,
      now: this.#now(),
      foreground: inForeground,
    });
  }

  #stateOf(owner: JSONObject, namespace: string): OwnerState {
    const resource = this.#registry.findKind(stringAt(owner, "apiVersion"), stringAt(owner, "kind"));
    // Nobody knows whether an owner of an unknown kind lives.
    if (resource === undefined) return "solid";
    // Nor does a cluster-scoped object say in which namespace its owner were.
    if (resource.namespaced && namespace === "") return "solid";
    const key = recordKey(resource.namespaced ? namespace : "", stringAt(owner, "name"));
    const record = this.#store.collection(storageKey(resource)).get(key);
    if (record?.uid !== stringAt(owner, "uid")) return "dangling";
    return isBeingDeleted(record) && finalizersOf(record).includes(foreground) ? "waiting" : "solid";
  }

  /** Does for an owner that is being deleted what its finalizers wait for, and takes them away. */
  #release({ collection, key }: Place): void {
    const record = collection.get(key);
    if (record === undefined || !isBeingDeleted(record)) return;
    const finalizers = finalizersOf(record);
    if (finalizers.includes("orphan")) {
      for (const dependent of this.#dependentsOf(record.uid)) this.#orphan(dependent, record.uid);
      this.#dropFinalizer(collection, key, "orphan");
    } else if (finalizers.includes(foreground)) {
      this.#waiting.set(record.uid, { collection, key });
      for (const dependent of this.#blockersOf(record.uid)) this.#collect(dependent);
      if (this.#blockersOf(record.uid).length === 0) this.#dropFinalizer(collection, key, foreground);
    } else this.#waiting.delete(record.uid);
  }

  #blockersOf(uid: string): readonly Place[] {
    return this.#dependentsOf(uid).filter(({ collection, key }) => {
      const record = collection.get(key);
      return record !== undefined && isBlocking(record, uid);
    });
  }

  #orphan({ collection, key }: Place, uid: string): void {
    const record = collection.get(key);
    if (record === undefined) return;
    setReferences(this.#store, collection, record, ownerReferences(record).filter((owner) => owner["uid"] !== uid));
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
}

function isBeingDeleted(record: StoredObject): boolean {
  // A text of the same name elsewhere in the object is no mark.
  return record.json.includes('"deletionTimestamp"') &&
    objectAt(parseStored(record.json), "metadata")["deletionTimestamp"] !== undefined;
}

function finalizersOf(record: StoredObject): readonly unknown[] {
  return arrayAt(objectAt(parseStored(record.json), "metadata"), "finalizers");
}
