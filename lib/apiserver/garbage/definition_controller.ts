import type { JSONObject } from "../../k8s/contract.ts";
import { type Context, timestamp } from "../context.ts";
import { arrayAt, deepEqual, objectAt, parseStored, stringAt } from "../json.ts";
import { customResourceDefinitions } from "../resources/builtin.ts";
import { instanceCleanup, withTerminating } from "../resources/definition_deletion.ts";
import { storageKey } from "../resources/served_resource.ts";
import type { Change } from "../store/change.ts";
import type { Collection } from "../store/collection.ts";
import { recordKey, type StoredObject } from "../store/record.ts";
import { deleteInBackground } from "./background_deletion.ts";
import { OncePerTurn } from "./once_per_turn.ts";

/**
 * Deletes the custom resources of a CustomResourceDefinition that is being deleted, which goes when they are gone: the
 * real server does so itself, whether there is a kube-controller-manager or not.
 */
export class DefinitionController {
  readonly #context: Pick<Context, "store" | "clock" | "closing">;
  /** Names of the definitions that are being deleted, by the collection of their custom resources. */
  readonly #terminating = new Map<Collection, string>();
  readonly #due: OncePerTurn;

  constructor(context: Pick<Context, "store" | "clock" | "closing">) {
    this.#context = context;
    this.#due = new OncePerTurn(context.closing, (name) => this.#terminate(name));
  }

  /** Begins to work. */
  start(): void {
    this.#context.store.subscribe((change, collection) => this.#onChange(change, collection));
  }

  get #definitions(): Collection {
    return this.#context.store.collection(storageKey(customResourceDefinitions));
  }

  #onChange({ previous, next }: Change, collection: Collection): void {
    if (collection !== this.#definitions) {
      const name = this.#terminating.get(collection);
      if (name !== undefined && next === undefined) this.#due.note(name);
    } else if (next?.json.includes(instanceCleanup) === true) this.#due.note(next.name);
    else if (next === undefined && previous !== undefined) {
      for (const [instances, name] of this.#terminating) {
        if (name === previous.name) this.#terminating.delete(instances);
      }
    }
  }

  #terminate(name: string): void {
    const { store, clock } = this.#context;
    const record = this.#definitions.get(recordKey("", name));
    if (record === undefined) return;
    const definition = parseStored(record.json);
    const metadata = objectAt(definition, "metadata");
    const isCleanup = arrayAt(metadata, "finalizers").includes(instanceCleanup);
    if (metadata["deletionTimestamp"] === undefined || !isCleanup) return;
    const spec = objectAt(definition, "spec");
    const plural = stringAt(objectAt(spec, "names"), "plural");
    const instances = store.collection(
      storageKey({ ...customResourceDefinitions, group: stringAt(spec, "group"), plural }),
    );
    this.#terminating.set(instances, name);
    const told = this.#tell(record, definition, "InstanceDeletionInProgress", "CustomResource deletion is in progress");
    for (const instance of [...instances.range({ from: "" })]) {
      deleteInBackground({ store, collection: instances, record: instance, now: clock.now() });
    }
    if (instances.size === 0 && this.#definitions.get(record.key) === told) this.#finish(told);
  }

  #tell(record: StoredObject, definition: JSONObject, reason: string, message: string): StoredObject {
    const told = withTerminating(definition, reason, message, timestamp(this.#context.clock));
    if (deepEqual(told, definition)) return record;
    return this.#context.store.put(this.#definitions, told, record);
  }

  #finish(record: StoredObject): void {
    const { store } = this.#context;
    const definition = parseStored(record.json);
    const metadata = objectAt(definition, "metadata");
    const others = arrayAt(metadata, "finalizers").filter((finalizer) => finalizer !== instanceCleanup);
    if (others.length === 0) return void store.remove(this.#definitions, record);
    metadata["finalizers"] = others;
    store.put(this.#definitions, definition, record);
  }
}
