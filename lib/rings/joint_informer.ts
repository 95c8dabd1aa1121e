import type { KubeObject, ObjectKey } from "../k8s/types.ts";
import type { Informer, InformerEvent, StoreReader } from "../runtime/watch/mod.ts";
import { merge } from "../util/streams.ts";

/** What is needed of each informer. */
export type Joinable<T extends KubeObject> = Pick<Informer<T>, "store" | "events" | "watchingSince" | "run">;

/** Several informers as if they were one: for a collection of which only some namespaces may be read. */
export class JointInformer<T extends KubeObject> implements Joinable<T> {
  readonly store: StoreReader<T>;
  readonly #informers: readonly Joinable<T>[];

  /** @param informers whose collections have no object in common */
  constructor(informers: readonly Joinable<T>[]) {
    this.#informers = informers;
    this.store = new JointStore(informers.map(({ store }) => store));
  }

  /** Since when all of them have watched without a gap; undefined while one does not. */
  get watchingSince(): number | undefined {
    let last = -Infinity;
    for (const { watchingSince } of this.#informers) {
      if (watchingSince === undefined) return undefined;
      last = Math.max(last, watchingSince);
    }
    return last;
  }

  /** The events of all; those of one informer in their order. */
  events(signal?: AbortSignal): AsyncIterable<InformerEvent<T>> {
    return merge(...this.#informers.map((informer) => informer.events(signal)));
  }

  /** Runs all of them until the signal aborts. @throws what one throws, after the others have ended */
  async run(signal: AbortSignal): Promise<void> {
    const failed = new AbortController();
    const either = AbortSignal.any([signal, failed.signal]);
    const runs = this.#informers.map((informer) =>
      informer.run(either).catch((error: unknown) => {
        failed.abort(error);
        throw error;
      })
    );
    const ends = await Promise.allSettled(runs);
    const failure = ends.find((end) => end.status === "rejected");
    if (failure !== undefined) throw failure.reason;
  }
}

/** The objects of several stores. */
class JointStore<T> implements StoreReader<T> {
  readonly #stores: readonly StoreReader<T>[];

  constructor(stores: readonly StoreReader<T>[]) {
    this.#stores = stores;
  }

  get(key: ObjectKey): T | undefined {
    for (const store of this.#stores) {
      const object = store.get(key);
      if (object !== undefined) return object;
    }
    return undefined;
  }

  *list(): Generator<T, undefined, undefined> {
    for (const store of this.#stores) yield* store.list();
    return undefined;
  }

  byIndex(index: string, value: string): readonly T[] {
    return this.#stores.flatMap((store) => store.byIndex(index, value));
  }

  get size(): number {
    return this.#stores.reduce((sum, { size }) => sum + size, 0);
  }

  get ready(): boolean {
    return this.#stores.every(({ ready }) => ready);
  }

  async whenReady(signal?: AbortSignal): Promise<void> {
    await Promise.all(this.#stores.map((store) => store.whenReady(signal)));
  }
}
