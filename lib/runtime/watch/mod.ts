/**
 * Following a collection of objects: `watch()` is the loop over one collection, a store keeps what it says, and an
 * Informer joins the two for many subscribers.
 */
export { StalledConnectionError } from "./connection.ts";
export { dropManagedFields } from "./drop_managed_fields.ts";
export { Informer, type InformerOptions } from "./informer.ts";
export { combineObservers, logObserver, type WatchObserver } from "./observer.ts";
export { reflector } from "./reflector.ts";
export { type IndexFunction, type StoreChange, type StoreReader, StoreWriter } from "./store.ts";
export type { InformerEvent } from "./subscription.ts";
export { WatchError, type WatchProblem, type WatchSource } from "./watch_error.ts";
export type { WatcherEvent } from "./watcher_event.ts";
export { watch } from "./watcher.ts";
export type { WatcherOptions } from "./watcher_options.ts";
