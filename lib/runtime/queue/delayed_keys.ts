import type { Clock } from "../../util/clock/mod.ts";

interface Entry<K> {
  readonly key: K;
  /** Monotonic milliseconds. */
  due: number;
  /** Of equal times the one that was set first comes first. */
  order: number;
  /** Place in the heap. */
  index: number;
}

/**
 * Keys that become due later. A key waits at most once: of two times the earlier one wins. A binary heap with the
 * places of its entries, so adding and moving cost O(log n); one timer for all.
 */
export class DelayedKeys<K extends string> implements Disposable {
  readonly #clock: Clock;
  readonly #onDue: (key: K) => void;
  readonly #heap: Entry<K>[] = [];
  readonly #entries = new Map<K, Entry<K>>();
  #timer: Disposable | undefined;
  #timerDue = Infinity;
  #order = 0;

  /** @param onDue called once for each key when its time has come. */
  constructor(clock: Clock, onDue: (key: K) => void) {
    this.#clock = clock;
    this.#onDue = onDue;
  }

  /** How many keys wait. */
  get size(): number {
    return this.#heap.length;
  }

  /** Makes a key due `ms` milliseconds from now, unless it is due earlier already. */
  add(key: K, ms: number): void {
    const due = this.#clock.monotonic() + ms;
    const waiting = this.#entries.get(key);
    if (waiting === undefined) {
      const entry = { key, due, order: this.#order++, index: this.#heap.length };
      this.#entries.set(key, entry);
      this.#heap.push(entry);
      this.#rise(entry);
    } else if (due < waiting.due) {
      waiting.due = due;
      waiting.order = this.#order++;
      this.#rise(waiting);
    }
    this.#arm();
  }

  /** Drops all keys and the timer. */
  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    this.#timerDue = Infinity;
    this.#heap.length = 0;
    this.#entries.clear();
  }

  #arm(): void {
    const due = this.#heap[0]?.due ?? Infinity;
    if (due === this.#timerDue) return;
    this.#timer?.[Symbol.dispose]();
    this.#timerDue = due;
    this.#timer = due === Infinity
      ? undefined
      : this.#clock.timer(due - this.#clock.monotonic(), () => this.#releaseDue());
  }

  #releaseDue(): void {
    this.#timer = undefined;
    this.#timerDue = Infinity;
    const now = this.#clock.monotonic();
    for (let first = this.#heap[0]; first !== undefined && first.due <= now; first = this.#heap[0]) {
      this.#removeFirst(first);
      this.#onDue(first.key);
    }
    // Timers may fire a little early; what is not due yet gets a new one.
    this.#arm();
  }

  #removeFirst(first: Entry<K>): void {
    this.#entries.delete(first.key);
    const last = this.#heap.pop();
    if (last === undefined || last === first) return;
    this.#place(last, 0);
    this.#sink(last);
  }

  #rise(entry: Entry<K>): void {
    while (entry.index > 0) {
      const index = (entry.index - 1) >> 1;
      const parent = this.#heap[index];
      if (parent === undefined || isBefore(parent, entry)) return;
      this.#place(parent, entry.index);
      this.#place(entry, index);
    }
  }

  #sink(entry: Entry<K>): void {
    while (true) {
      const left = this.#heap[2 * entry.index + 1];
      const right = this.#heap[2 * entry.index + 2];
      const child = right !== undefined && left !== undefined && isBefore(right, left) ? right : left;
      if (child === undefined || isBefore(entry, child)) return;
      const { index } = child;
      this.#place(child, entry.index);
      this.#place(entry, index);
    }
  }

  #place(entry: Entry<K>, index: number): void {
    this.#heap[index] = entry;
    entry.index = index;
  }
}

function isBefore<K>(a: Entry<K>, b: Entry<K>): boolean {
  return a.due < b.due || (a.due === b.due && a.order < b.order);
}
