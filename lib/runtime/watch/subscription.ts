import { BoundedQueue } from "../../util/bounded_queue.ts";

/** What an informer tells its subscribers. */
export type InformerEvent<T> =
  /** `initial`: it was there when the subscription, or the informer, began. */
  | { readonly type: "added"; readonly object: T; readonly initial: boolean }
  | { readonly type: "updated"; readonly object: T; readonly previous: T }
  /** `object` is the last known state. */
  | { readonly type: "deleted"; readonly object: T }
  /** Nothing changed; it is only time to look again (resyncPeriod). */
  | { readonly type: "resync"; readonly object: T };

/**
 * One subscriber's view of an informer: the objects that are there, then the changes. What it has not taken yet waits
 * in a queue of its own without limit, as neither losing events nor making the watch wait is an option; so subscribers
 * should take events promptly and leave slow work to a work queue.
 *
 * Not an async generator: `return()` must end it also while `next()` waits.
 */
export class Subscription<T> implements AsyncIterableIterator<InformerEvent<T>, void, undefined> {
  readonly #present: Iterator<T>;
  readonly #queue = new BoundedQueue<InformerEvent<T>>();
  readonly #changes = this.#queue[Symbol.asyncIterator]();
  readonly #onClose: (subscription: Subscription<T>) => void;
  readonly #signal: AbortSignal | undefined;
  #closed = false;

  /**
   * @param present objects that are there already.
   * @param onClose called once when the subscriber, or its signal, ends the subscription.
   */
  constructor(present: readonly T[], onClose: (subscription: Subscription<T>) => void, signal?: AbortSignal) {
    this.#present = present.values();
    this.#onClose = onClose;
    this.#signal = signal;
    if (signal?.aborted === true) this.#close();
    else signal?.addEventListener("abort", this.#close, { once: true });
  }

  /** Appends an event. */
  push(event: InformerEvent<T>): void {
    this.#queue.push(event);
  }

  /** No more events come: the subscriber still gets those that wait. */
  end(): void {
    this.#signal?.removeEventListener("abort", this.#close);
    this.#queue.close();
  }

  async next(): Promise<IteratorResult<InformerEvent<T>, void>> {
    if (!this.#closed) {
      const present = this.#present.next();
      if (present.done !== true) return { done: false, value: { type: "added", object: present.value, initial: true } };
      const result = await this.#changes.next();
      if (!this.#closed) return result;
    }
    return { done: true, value: undefined };
  }

  return(): Promise<IteratorResult<InformerEvent<T>, void>> {
    this.#close();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  readonly #close = (): void => {
    if (this.#closed) return;
    this.#closed = true;
    this.end();
    this.#onClose(this);
  };
}
