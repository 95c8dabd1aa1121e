import type { KubeObject } from "../k8s/types.ts";
import type { InformerEvent } from "../runtime/watch/mod.ts";
import { parseTime } from "../util/micro_time.ts";

/** The sharder has children follow their owner within so long, in milliseconds. */
const familyTime = 1_000;

/** An object that is younger than this, in milliseconds, has probably been created for this shard, and has no children. */
const newborn = 5_000;

/**
 * How long a shard waits for the children of an object that comes to it, in milliseconds. An object that another shard
 * had brings its children along, only a moment later. A reconciler that was called at once would not find them in its
 * cache, and had to look for each at the API server, to find them as they should be. The first child that comes ends
 * the wait, as it is an event of its own.
 *
 * @param now of the wall clock: when it is wrong by more than a moment, an object waits for nothing or not at all.
 */
export function arrivalPause(event: InformerEvent<KubeObject>, now: number): number {
  // What is there when the shard begins is complete: nobody is called before all caches are filled.
  if (event.type !== "added" || event.initial) return 0;
  const created = parseTime(event.object.metadata.creationTimestamp);
  return created === undefined || now - created < newborn ? 0 : familyTime;
}
