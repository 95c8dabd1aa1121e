/** A time in which an object carried the label of one shard. */
interface Tenure {
  readonly shard: string;
  /** Has the shard begun a write in it? */
  wrote: boolean;
}

/**
 * G1 for one main object: when a shard has begun to write for it, no shard that had it before may begin another write.
 * A shard may go on for a while after it lost the object, as it cannot know yet, but not beyond the first write of
 * whoever has it next.
 */
export class Tenures {
  #tenures: Tenure[] = [];
  /** Shards that had an object of the same name which was deleted: they may not know yet. */
  readonly #former = new Set<string>();

  /** The object is labelled with this shard from now on. */
  assign(shard: string): void {
    this.#tenures.push({ shard, wrote: false });
    this.#former.delete(shard);
  }

  /** The object was deleted: the next of its name is another. */
  reset(): void {
    for (const { shard } of this.#tenures) this.#former.add(shard);
    this.#tenures = [];
  }

  /** A shard begins to write for the object. Returns what is wrong with that; undefined when nothing is. */
  write(shard: string): string | undefined {
    const problem = this.problemOf(shard);
    const tenure = this.#tenures.findLast((tenure) => tenure.shard === shard);
    if (tenure !== undefined) tenure.wrote = true;
    return problem;
  }

  /** What would be wrong if a shard wrote for the object now; undefined: nothing. */
  problemOf(shard: string): string | undefined {
    const index = this.#tenures.findLastIndex((tenure) => tenure.shard === shard);
    if (index < 0) {
      return this.#former.has(shard) ? undefined : `${shard} writes, although the object was never its own`;
    }
    const next = this.#tenures.slice(index + 1).find(({ wrote }) => wrote);
    return next === undefined
      ? undefined
      : `${shard} writes after ${next.shard}, which got the object later, has begun`;
  }
}
