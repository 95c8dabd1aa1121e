import type { KubeObject } from "../../../lib/k8s/types.ts";
import type { Followed } from "../../../lib/rings/mod.ts";
import { type InformerEvent, type StoreReader, StoreWriter } from "../../../lib/runtime/watch/mod.ts";
import { BoundedQueue } from "../../../lib/util/bounded_queue.ts";

/** An informer whose collection the test writes itself. */
export class FakeInformer<T extends KubeObject> implements Followed<T> {
  watchingSince: number | undefined = undefined;
  readonly #writer = new StoreWriter<T>();
  readonly #subscribers = new Set<BoundedQueue<InformerEvent<T>>>();

  get store(): StoreReader<T> {
    return this.#writer.reader;
  }

  /** The first list has come, with these objects, at this time of the monotonic clock. */
  sync(now: number, ...objects: readonly T[]): void {
    this.#writer.apply({ type: "init" });
    for (const object of objects) this.#writer.apply({ type: "init_apply", object });
    for (const change of this.#writer.apply({ type: "init_done" })) {
      this.#publish(change.type === "added" ? { ...change, initial: true } : change);
    }
    this.watchingSince = now;
  }

  /** These objects were created or changed. */
  apply(...objects: readonly T[]): void {
    for (const object of objects) this.#write({ type: "apply", object });
  }

  /** This object was deleted. */
  delete(object: T): void {
    this.#write({ type: "delete", object });
  }

  async *events(signal?: AbortSignal): AsyncGenerator<InformerEvent<T>, void, undefined> {
    const queue = new BoundedQueue<InformerEvent<T>>();
    for (const object of this.store.list()) queue.push({ type: "added", object, initial: true });
    this.#subscribers.add(queue);
    signal?.addEventListener("abort", () => queue.close(), { once: true });
    if (signal?.aborted === true) queue.close();
    yield* queue;
  }

  #write(event: { readonly type: "apply" | "delete"; readonly object: T }): void {
    for (const change of this.#writer.apply(event)) {
      this.#publish(change.type === "added" ? { ...change, initial: false } : change);
    }
  }

  #publish(event: InformerEvent<T>): void {
    for (const queue of this.#subscribers) queue.push(event);
  }
}
