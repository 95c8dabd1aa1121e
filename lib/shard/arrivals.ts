import type { KubeObject } from "../k8s/types.ts";
import type { InformerEvent } from "../runtime/watch/mod.ts";
import type { Clock } from "../util/clock/mod.ts";
import { parseTime } from "../util/micro_time.ts";

/** The sharder has children follow their owner within so long, in milliseconds. */
const familyTime = 1_000;

/** An object that is younger than this, in milliseconds, has probably been created for this shard, and has no children. */
const young = 5_000;

/**
 * An object that comes within so many milliseconds after its creation has hardly been another shard's before. API
 * servers tell the time of creation in whole seconds, so of most objects one of them is gone when they come.
 */
const newborn = 2_000;

/** By how much the clock of the API server may be ahead of ours for what it created to count as newborn, likewise. */
const ahead = 1_000;

/** What a controller knows of its main objects from the way in which they came to the shard. */
export class Arrivals {
  readonly #clock: Pick<Clock, "now">;
  readonly #withChildren: boolean;
  readonly #newborn = new WeakSet<KubeObject>();

  /**
   * @param clock when it is wrong by more than a moment, objects wait for nothing or not at all, and none is newborn.
   * @param withChildren whether the controller hears of children of its main objects.
   */
  constructor(clock: Pick<Clock, "now">, withChildren: boolean) {
    this.#clock = clock;
    this.#withChildren = withChildren;
  }

  /**
   * Takes note of an event, and says how long the shard waits for the children of the object, in milliseconds. An
   * object that another shard had brings its children along, only a moment later. A reconciler that was called at once
   * would not find them in its cache, and had to look for each at the API server, to find them as they should be. The
   * first child that comes ends the wait, as it is an event of its own.
   */
  readonly pause = (event: InformerEvent<KubeObject>): number => {
    // What is there when the shard begins is complete: nobody is called before all caches are filled.
    if (event.type !== "added" || event.initial) return 0;
    const created = parseTime(event.object.metadata.creationTimestamp);
    if (created === undefined) return 0;
    const age = this.#clock.now() - created;
    if (age < newborn && age > -ahead) this.#newborn.add(event.object);
    return this.#withChildren && age >= young ? familyTime : 0;
  };

  /**
   * Did the object come right after its creation, and is this the first call for it? It is true only once, and only for
   * the object as it came: later calls may find children of it that the cache does not show yet.
   */
  readonly takeNewborn = (object: KubeObject): boolean => this.#newborn.delete(object);
}
