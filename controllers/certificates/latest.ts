import { untilAborted } from "../../lib/util/until_aborted.ts";

/** A value that changes now and then, for any number of followers. Whoever is slow gets only the latest one. */
export class Latest<T> {
  #value: T | undefined;
  #changed = Promise.withResolvers<void>();

  /** The value; undefined while there is none. */
  get value(): T | undefined {
    return this.#value;
  }

  set(value: T): void {
    if (value === this.#value) return;
    this.#value = value;
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  /** The value as soon as there is one, then each newer one, until `signal` aborts. */
  async *follow(signal: AbortSignal): AsyncGenerator<T, void, undefined> {
    let last: T | undefined;
    const over = untilAborted(signal);
    while (!signal.aborted) {
      const [value, changed] = [this.#value, this.#changed.promise];
      if (value !== undefined && value !== last) yield last = value;
      else await Promise.race([changed, over]);
    }
  }
}
