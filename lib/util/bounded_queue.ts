/**
 * A first-in first-out queue between a producer that must not wait and a consumer that iterates. When it is full,
 * `push` says so and the producer decides what to do instead, so memory stays bounded without blocking anybody.
 */
export class BoundedQueue<T> implements AsyncIterable<T> {
  readonly #capacity: number;
  readonly #items: T[] = [];
  #head = 0;
  #closed = false;
  #wake: (() => void) | undefined;

  /** @throws RangeError when the capacity is not a positive number. */
  constructor(capacity: number = Infinity) {
    if (!(capacity > 0)) throw new RangeError(`a queue needs a positive capacity: it is ${capacity}`);
    this.#capacity = capacity;
  }

  /** How many items wait. */
  get size(): number {
    return this.#items.length - this.#head;
  }

  /** Appends an item. Returns false, and drops the item, when the queue is full or closed. */
  push(item: T): boolean {
    if (this.#closed || this.size >= this.#capacity) return false;
    this.#items.push(item);
    this.#notify();
    return true;
  }

  /** Ends the iteration after the items that wait. */
  close(): void {
    this.#closed = true;
    this.#notify();
  }

  /** Takes the items in order; ends after `close()`. Meant for one consumer. */
  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    while (true) {
      while (this.#head < this.#items.length) yield* this.#take();
      if (this.#closed) return;
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  *#take(): Generator<T, void, undefined> {
    const item = this.#items[this.#head++];
    // Reclaim the consumed front now and then: an array's shift() is linear in its length.
    if (this.#head === this.#items.length || this.#head > 1_024) {
      this.#items.splice(0, this.#head);
      this.#head = 0;
    }
    if (item !== undefined) yield item;
  }

  #notify(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}
