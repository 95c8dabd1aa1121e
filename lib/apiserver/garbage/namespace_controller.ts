import type { JSONObject } from "../../k8s/contract.ts";
import type { Context } from "../context.ts";
import { arrayAt, objectAt, parseStored } from "../json.ts";
import { namespaces } from "../resources/builtin.ts";
import { storageKey } from "../resources/served_resource.ts";
import type { Change } from "../store/change.ts";
import { type Collection, rangeOf } from "../store/collection.ts";
import { recordKey, type StoredObject } from "../store/record.ts";
import { deleteInBackground } from "./background_deletion.ts";
import { OncePerTurn } from "./once_per_turn.ts";

/**
 * Does what kube-controller-manager's namespace controller does: a namespace that is being deleted is emptied, and goes
 * when it is empty. It works after the request that caused it was answered.
 */
export class NamespaceController {
  readonly #context: Pick<Context, "store" | "registry" | "clock" | "closing">;
  /** Names of the namespaces that are being deleted. */
  readonly #terminating = new Set<string>();
  readonly #due: OncePerTurn;

  constructor(context: Pick<Context, "store" | "registry" | "clock" | "closing">) {
    this.#context = context;
    this.#due = new OncePerTurn(context.closing, (name) => this.#terminate(name));
  }

  /** Begins to work. */
  start(): void {
    this.#context.store.subscribe((change, collection) => this.#onChange(change, collection));
  }

  get #namespaces(): Collection {
    return this.#context.store.collection(storageKey(namespaces));
  }

  #onChange({ previous, next }: Change, collection: Collection): void {
    const inNamespaces = collection === this.#namespaces;
    if (next !== undefined) {
      if (!inNamespaces || !next.json.includes('"deletionTimestamp"')) return;
      this.#terminating.add(next.name);
      this.#due.note(next.name);
    } else if (previous !== undefined) {
      if (inNamespaces) this.#terminating.delete(previous.name);
      if (this.#terminating.has(previous.namespace)) this.#due.note(previous.namespace);
    }
  }

  #terminate(name: string): void {
    const { store, clock } = this.#context;
    const record = this.#namespaces.get(recordKey("", name));
    if (record === undefined) return;
    const object = parseStored(record.json);
    const metadata = objectAt(object, "metadata");
    if (metadata["deletionTimestamp"] === undefined) return;
    let left = 0;
    for (const collection of this.#collections()) {
      for (const content of [...collection.range(rangeOf(name))]) {
        deleteInBackground({ store, collection, record: content, now: clock.now() });
        if (collection.get(content.key) !== undefined) left++;
      }
    }
    if (left === 0 && this.#namespaces.get(record.key) === record) this.#finalize(record, object, metadata);
  }

  #finalize(record: StoredObject, object: JSONObject, metadata: JSONObject): void {
    const { store } = this.#context;
    const spec = objectAt(object, "spec");
    const others = arrayAt(spec, "finalizers").filter((finalizer) => finalizer !== "kubernetes");
    if (others.length === 0 && arrayAt(metadata, "finalizers").length === 0) {
      store.remove(this.#namespaces, record);
    } else if (others.length < arrayAt(spec, "finalizers").length) {
      object["spec"] = { ...spec, finalizers: others };
      store.put(this.#namespaces, object, record);
    }
  }

  #collections(): ReadonlySet<Collection> {
    const { registry, store } = this.#context;
    const keys = registry.all().filter(({ namespaced }) => namespaced).map(storageKey);
    return new Set(keys.map((key) => store.collection(key)));
  }
}
