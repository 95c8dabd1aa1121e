/**
 * What is measured of each ring. Rings that do not exist get nothing, and what was measured of a ring goes with it, so
 * that neither memory nor series grow with the names that somebody sends.
 */
export class PerRing<T> {
  readonly #exists: (ring: string) => boolean;
  readonly #create: () => T;
  readonly #entries = new Map<string, T>();

  /** @param create makes what is measured of one ring. */
  constructor(exists: (ring: string) => boolean, create: () => T) {
    this.#exists = exists;
    this.#create = create;
  }

  /** What is measured of a ring; undefined when there is no such ring. */
  get(ring: string): T | undefined {
    const known = this.#entries.get(ring);
    if (known !== undefined) return known;
    if (!this.#exists(ring)) return undefined;
    this.#prune();
    const entry = this.#create();
    this.#entries.set(ring, entry);
    return entry;
  }

  /** All rings that still exist. */
  entries(): IterableIterator<[string, T]> {
    this.#prune();
    return this.#entries.entries();
  }

  #prune(): void {
    for (const ring of this.#entries.keys()) if (!this.#exists(ring)) this.#entries.delete(ring);
  }
}
