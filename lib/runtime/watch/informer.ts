import type { Api } from "../../k8s/api/api.ts";
import type { KubeObject } from "../../k8s/types.ts";
import { jitter } from "../../util/random.ts";
import { Continuity } from "./continuity.ts";
import { combineObservers, type WatchObserver } from "./observer.ts";
import { reflector } from "./reflector.ts";
import { type IndexFunction, type StoreChange, type StoreReader, StoreWriter } from "./store.ts";
import { type InformerEvent, Subscription } from "./subscription.ts";
import { watch } from "./watcher.ts";
import type { WatcherOptions } from "./watcher_options.ts";

/** Options of an informer: those of its watcher and some more. All times are in milliseconds. */
export interface InformerOptions<T extends KubeObject> extends WatcherOptions<T> {
  /** Indices of the store by name. */
  readonly indices?: Readonly<Record<string, IndexFunction<T>>>;
  /** Every so often (up to 10 % more) each object is sent to the subscribers as `resync`. @default never */
  readonly resyncPeriod?: number;
  /** Gaps of the watch up to this length do not count for {@link Informer.watchingSince}. @default 5_000 */
  readonly gapTolerance?: number;
}

/**
 * Keeps a live copy of a collection and tells any number of subscribers what changes in it.
 *
 * It reads its watch without ever waiting for a subscriber, since an API server cuts off slow readers; what a
 * subscriber has not taken yet waits in that subscriber's own queue. Objects are shared by the store and all
 * subscribers: never change one.
 */
export class Informer<T extends KubeObject> {
  /** The copy. */
  readonly store: StoreReader<T>;
  readonly #api: Api<T>;
  readonly #options: InformerOptions<T>;
  readonly #writer: StoreWriter<T>;
  readonly #continuity: Continuity;
  readonly #subscriptions = new Set<Subscription<T>>();
  #stage: "new" | "syncing" | "synced" | "stopped" = "new";

  /**
   * Nothing is read yet; see {@link run}.
   * @param api whose objects are kept; bind it to a namespace to keep only those of one.
   * @throws RangeError when the resync period is not positive.
   */
  constructor(api: Api<T>, options: InformerOptions<T>) {
    const { indices, resyncPeriod, gapTolerance = 5_000 } = options;
    if (resyncPeriod !== undefined && !(resyncPeriod > 0)) {
      throw new RangeError(`resyncPeriod must be positive, or absent for never: it is ${resyncPeriod} ms`);
    }
    this.#api = api;
    this.#options = options;
    this.#writer = new StoreWriter(indices);
    this.store = this.#writer.reader;
    this.#continuity = new Continuity(gapTolerance);
  }

  /**
   * Monotonic milliseconds since which the watch has been without a gap longer than `gapTolerance`; undefined while it
   * is in such a gap or not yet synced. A half-open connection is noticed only after its silence (`watchTimeout`).
   */
  get watchingSince(): number | undefined {
    if (this.#stage !== "synced") return undefined;
    return this.#continuity.since(this.#options.clock.monotonic());
  }

  /** Resolves when the store holds the whole collection; rejects when `signal` aborts or the informer stops before. */
  whenSynced(signal?: AbortSignal): Promise<void> {
    return this.store.whenReady(signal);
  }

  /**
   * Each iteration is a subscription of its own: the objects that are there, as `added` with `initial`, then every
   * change, with nothing lost or doubled between. It ends with the signal, when the consumer stops, or after the
   * informer has stopped.
   */
  events(signal?: AbortSignal): AsyncIterable<InformerEvent<T>> {
    return { [Symbol.asyncIterator]: () => this.#subscribe(signal) };
  }

  /**
   * Follows the collection until the signal aborts; failures of the watch are reported and overcome.
   * @throws Error when it is called a second time, or when an index function throws.
   */
  async run(signal: AbortSignal): Promise<void> {
    if (this.#stage !== "new") throw new Error(`this informer of ${this.#api.resource.plural} was started before`);
    this.#stage = "syncing";
    try {
      using _resync = this.#resyncEverySoOften();
      const source = watch(this.#api, { ...this.#options, observer: this.#observer(), signal });
      for await (const event of reflector(this.#writer, source, (change) => this.#publish(change))) {
        if (event.type === "init_done") this.#stage = "synced";
      }
    } finally {
      this.#stage = "stopped";
      this.#writer.close(signal.reason ?? new Error(`the informer of ${this.#api.resource.plural} has stopped`));
      for (const subscription of this.#subscriptions) subscription.end();
      this.#subscriptions.clear();
    }
  }

  #subscribe(signal: AbortSignal | undefined): Subscription<T> {
    // The list and the subscription belong in one turn: see reflector().
    const onClose = (closed: Subscription<T>): void => void this.#subscriptions.delete(closed);
    const subscription = new Subscription([...this.store.list()], onClose, signal);
    if (this.#stage === "stopped") subscription.end();
    else if (signal?.aborted !== true) this.#subscriptions.add(subscription);
    return subscription;
  }

  #publish(change: StoreChange<T>): void {
    const event = change.type === "added" ? { ...change, initial: this.#stage === "syncing" } : change;
    this.#send(event);
  }

  #send(event: InformerEvent<T>): void {
    for (const subscription of this.#subscriptions) subscription.push(event);
  }

  #resyncEverySoOften(): Disposable {
    const { clock, random, resyncPeriod } = this.#options;
    if (resyncPeriod === undefined) return { [Symbol.dispose]: () => undefined };
    const arm = (): Disposable =>
      clock.timer(jitter(random, resyncPeriod, 0.1), () => {
        timer = arm();
        for (const object of this.store.list()) this.#send({ type: "resync", object });
      });
    let timer = arm();
    return { [Symbol.dispose]: () => timer[Symbol.dispose]() };
  }

  #observer(): WatchObserver {
    const { clock, observer } = this.#options;
    const continuity: WatchObserver = {
      onWatch: () => this.#continuity.connected(clock.monotonic()),
      onInterrupted: (_source, silence) => this.#continuity.interrupted(clock.monotonic() - silence),
    };
    return observer === undefined ? continuity : combineObservers(continuity, observer);
  }
}
