import type { Outcome } from "../mover.ts";

/** So many owners are kept in mind at once: about 200 bytes each. */
const capacity = 10_000;

/**
 * Main objects that a paused ring keeps on another shard than their key says, with that shard. New children were
 * assigned by their key, and have to be brought to them.
 */
export class KeptOwners {
  #shards = new Map<string, string>();

  /** Are there so many that they have to be dealt with before more are noted? */
  get isFull(): boolean {
    return this.#shards.size >= capacity;
  }

  /** Notes what came of a main object. @param key its hash key */
  note(key: string, outcome: Outcome): void {
    if (outcome.type === "braked" && outcome.by === "pause") this.#shards.set(key, outcome.shard);
    if (outcome.type === "written" && outcome.plan.type === "withdraw") this.#shards.set(key, outcome.plan.shard);
  }

  /** Takes out what was noted: the shards by hash key. */
  take(): ReadonlyMap<string, string> {
    const taken = this.#shards;
    this.#shards = new Map();
    return taken;
  }
}
