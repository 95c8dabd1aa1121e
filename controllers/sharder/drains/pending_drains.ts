/** A drain that waits to be acknowledged. */
export interface PendingDrain {
  readonly shard: string;
  /** Since when this process knows of it, in milliseconds of its monotonic clock. */
  readonly since: number;
  /** It is being taken back: when it ends, the object has probably not been let go of. */
  readonly withdrawn?: boolean;
}

/** Objects that were asked to leave their shard and have not been let go yet: their hash keys, counted per shard. */
export class PendingDrains {
  readonly #now: () => number;
  readonly #drains = new Map<string, PendingDrain>();
  readonly #counts = new Map<string, number>();

  /** @param now monotonic milliseconds. @default always 0, where nobody asks for the age */
  constructor(now: () => number = () => 0) {
    this.#now = now;
  }

  /** How many drains are pending. */
  get size(): number {
    return this.#drains.size;
  }

  /** Is the drain of this object pending? */
  has(key: string): boolean {
    return this.#drains.has(key);
  }

  /** How many objects a shard still has to let go of. */
  countOf(shard: string): number {
    return this.#counts.get(shard) ?? 0;
  }

  /** Notes that an object was asked to leave its shard. */
  add(key: string, shard: string): void {
    const known = this.#drains.get(key);
    if (known?.shard === shard) return;
    this.delete(key);
    this.#drains.set(key, { shard, since: this.#now() });
    this.#counts.set(shard, this.countOf(shard) + 1);
  }

  /** Notes that a pending drain is being taken back, or was not after all. It stays pending until it is over. */
  withdraw(key: string, withdrawn: boolean): void {
    const drain = this.#drains.get(key);
    if (drain !== undefined) this.#drains.set(key, { shard: drain.shard, since: drain.since, withdrawn });
  }

  /** Notes that a drain is over. Returns what it was; undefined when none was pending. */
  delete(key: string): PendingDrain | undefined {
    const drain = this.#drains.get(key);
    if (drain === undefined) return undefined;
    const { shard } = drain;
    this.#drains.delete(key);
    const rest = this.countOf(shard) - 1;
    if (rest > 0) this.#counts.set(shard, rest);
    else this.#counts.delete(shard);
    return drain;
  }

  /** All pending drains by hash key. */
  entries(): IterableIterator<[string, PendingDrain]> {
    return this.#drains.entries();
  }

  /** The hash keys of all objects with a pending drain, at this moment. */
  keys(): readonly string[] {
    return [...this.#drains.keys()];
  }
}
