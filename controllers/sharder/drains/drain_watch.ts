import type { PartialObjectMetadata } from "../../../lib/k8s/types.ts";
import { mainKey } from "../../../lib/sharding/hash_key.ts";
import { shardLabel } from "../../../lib/sharding/names.ts";
import type { PendingDrain, PendingDrains } from "./pending_drains.ts";
import { type Selection, SelectorWatch, type WatchParts } from "../watches/selector_watch.ts";

/**
 * Hears of a drain that is over: it was acknowledged, withdrawn, or the object was deleted. Must not throw. `drain` is what
 * was pending; undefined when that was accounted for already.
 */
export type DrainEnded = (key: string, drain: PendingDrain | undefined) => void;

/** What a list has told so far, and when it was asked for. */
interface Account {
  readonly askedAt: number;
  readonly keys: Set<string>;
}

/**
 * Keeps account of the main objects of one resource that carry the drain label. That an object no longer carries it
 * does not tell why: whoever hears of it reads the object.
 */
export class DrainWatch {
  readonly #ring: string;
  readonly #selection: Selection;
  readonly #watch: SelectorWatch;
  readonly #pending: PendingDrains;
  readonly #onEnded: DrainEnded;

  constructor(ring: string, selection: Selection, parts: WatchParts, pending: PendingDrains, onEnded: DrainEnded) {
    this.#ring = ring;
    this.#selection = selection;
    this.#watch = new SelectorWatch(selection, parts);
    this.#pending = pending;
    this.#onEnded = onEnded;
  }

  /** Resolves when all drains are known. */
  get complete(): Promise<void> {
    return this.#watch.complete;
  }

  /** Resolves when the sharder turns out to have no right to know them. */
  get denied(): Promise<void> {
    return this.#watch.denied;
  }

  /** Works until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const accounts = new Map<string | undefined, Account>();
    for await (const { namespace, event, askedAt } of this.#watch.events(signal)) {
      switch (event.type) {
        case "init":
          accounts.set(namespace, { askedAt, keys: new Set() });
          break;
        case "init_apply":
        case "apply": {
          const key = this.#note(event.object);
          accounts.get(namespace)?.keys.add(key);
          break;
        }
        case "init_done":
          this.#reckon(namespace, accounts.get(namespace));
          accounts.delete(namespace);
          break;
        case "delete": {
          const key = this.#keyOf(event.object);
          accounts.get(namespace)?.keys.delete(key);
          this.#end(key);
          break;
        }
      }
    }
  }

  /**
   * After a complete account: what it does not mention is over, whether or not this watch has told of it. Only a drain
   * that was written after the question may be younger than the answer.
   */
  #reckon(namespace: string | undefined, account: Account | undefined): void {
    if (account === undefined) return;
    const { group, kind } = this.#selection.target.resource;
    const prefix = `${group}/${kind}/${namespace === undefined ? "" : `${namespace}/`}`;
    for (const [key, { since }] of [...this.#pending.entries()]) {
      if (key.startsWith(prefix) && !account.keys.has(key) && since < account.askedAt) this.#end(key);
    }
  }

  #note(object: PartialObjectMetadata): string {
    const key = this.#keyOf(object);
    this.#pending.add(key, object.metadata.labels?.[shardLabel(this.#ring)] ?? "");
    return key;
  }

  #end(key: string): void {
    this.#onEnded(key, this.#pending.delete(key));
  }

  #keyOf(object: PartialObjectMetadata): string {
    const key = mainKey(this.#selection.target.resource, object.metadata);
    // Objects of the API server always have a name, so they always have a key.
    return key.type === "key" ? key.key : "";
  }
}
