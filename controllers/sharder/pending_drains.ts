/** Objects that were asked to leave their shard and have not been let go yet: their hash keys, counted per shard. */
export class PendingDrains {
  readonly #shards = new Map<string, string>();
  readonly #counts = new Map<string, number>();

  /** How many drains are pending. */
  get size(): number {
    return this.#shards.size;
  }

  /** Is the drain of this object pending? */
  has(key: string): boolean {
    return this.#shards.has(key);
  }

  /** How many objects a shard still has to let go of. */
  countOf(shard: string): number {
    return this.#counts.get(shard) ?? 0;
  }

  /** Notes that an object was asked to leave its shard. */
  add(key: string, shard: string): void {
    this.delete(key);
    this.#shards.set(key, shard);
    this.#counts.set(shard, this.countOf(shard) + 1);
  }

  /** Notes that a drain is over. Returns the shard that it was for; undefined when none was pending. */
  delete(key: string): string | undefined {
    const shard = this.#shards.get(key);
    if (shard === undefined) return undefined;
    this.#shards.delete(key);
    const rest = this.countOf(shard) - 1;
    if (rest > 0) this.#counts.set(shard, rest);
    else this.#counts.delete(shard);
    return shard;
  }

  /** The hash keys of all objects with a pending drain, at this moment. */
  keys(): readonly string[] {
    return [...this.#shards.keys()];
  }
}
