import type { KubeObject } from "../../k8s/types.ts";
import type { StoreChange, StoreWriter } from "./store.ts";
import type { WatcherEvent } from "./watcher_event.ts";

/**
 * Writes a watcher's events into a store and passes them through unchanged. `publish` gets each change of the store,
 * with the previous state of the object, in the same turn in which readers begin to see it: so who reads the store and
 * subscribes to the changes in one turn misses nothing and sees nothing twice.
 */
export async function* reflector<T extends KubeObject>(
  writer: StoreWriter<T>,
  source: AsyncIterable<WatcherEvent<T>>,
  publish: (change: StoreChange<T>) => void = () => undefined,
): AsyncGenerator<WatcherEvent<T>, void, undefined> {
  for await (const event of source) {
    for (const change of writer.apply(event)) publish(change);
    yield event;
  }
}
