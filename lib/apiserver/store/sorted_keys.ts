/** Keys in order. Insertion moves what comes after, which is a fast copy even for 100,000 keys. */
export class SortedKeys {
  readonly #keys: string[] = [];

  /** How many keys there are. */
  get size(): number {
    return this.#keys.length;
  }

  /** Adds a key that is not there yet. */
  add(key: string): void {
    const last = this.#keys.at(-1);
    if (last === undefined || last < key) this.#keys.push(key);
    else this.#keys.splice(this.indexOf(key), 0, key);
  }

  /** Removes a key that is there. */
  remove(key: string): void {
    this.#keys.splice(this.indexOf(key), 1);
  }

  /** Index of the first key that is not smaller. */
  indexOf(key: string): number {
    let low = 0;
    let high = this.#keys.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const candidate = this.#keys[middle];
      if (candidate !== undefined && candidate < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The key at an index; undefined beyond the end. */
  at(index: number): string | undefined {
    return this.#keys[index];
  }
}
