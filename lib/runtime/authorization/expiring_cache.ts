import type { Clock } from "../../util/clock/mod.ts";

/** Remembers a bounded number of values for some time each. When it is full, the oldest goes. */
export class ExpiringCache<T> {
  readonly #clock: Clock;
  readonly #capacity: number;
  readonly #entries = new Map<string, { readonly value: T; readonly until: number }>();

  /** @param capacity the most values that are remembered. */
  constructor(clock: Clock, capacity: number) {
    this.#clock = clock;
    this.#capacity = capacity;
  }

  /** How many values are remembered, some of which may have expired. */
  get size(): number {
    return this.#entries.size;
  }

  /** The value, unless it was never set, has expired or was pushed out. */
  get(key: string): T | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    if (entry.until > this.#clock.monotonic()) return entry.value;
    this.#entries.delete(key);
    return undefined;
  }

  /** Remembers a value for `ms` milliseconds. */
  set(key: string, value: T, ms: number): void {
    this.#entries.delete(key);
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size < this.#capacity) break;
      this.#entries.delete(oldest);
    }
    this.#entries.set(key, { value, until: this.#clock.monotonic() + ms });
  }
}
