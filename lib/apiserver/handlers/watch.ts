import type { Context } from "../context.ts";
import type { WatchSource } from "../request/call.ts";
import type { ListQuery } from "../request/list_options.ts";
import type { Selection } from "../request/selection.ts";
import { apiVersionOf } from "../resources/registry.ts";
import { type ServedResource, storageKey } from "../resources/served_resource.ts";
import { expired, type StatusError, tooLargeVersion } from "../status.ts";
import { type Change, encodeRecord, metadataOnly, type Projection } from "../store/change.ts";
import type { Collection } from "../store/collection.ts";
import type { StoredObject } from "../store/record.ts";

/** How often a quiet watch gets a bookmark, in milliseconds. */
const bookmarkInterval = 60_000;
/** Shortest time that the server keeps a watch when the client names none; the longest is twice that. */
const minimumTimeout = 1_800_000;
/** How long before its end a watch gets a last bookmark. */
const lastBookmark = 2_000;

/** Opens a watch. */
export function openWatch(
  context: Context,
  resource: ServedResource,
  selection: Selection,
  projection: Projection,
  query: ListQuery,
  signal: AbortSignal | undefined,
): WatchSource {
  const collection = context.store.collection(storageKey(resource));
  const watch = new Watch(context, collection, resource, selection, projection, query);
  watch.start(signal);
  return watch;
}

/**
 * One watch: a place in the collection's log of changes, so that it holds no events of its own. It is cut when it lags
 * behind too far, as the real server cuts slow readers.
 */
class Watch implements WatchSource {
  readonly #context: Context;
  readonly #collection: Collection;
  readonly #resource: ServedResource;
  readonly #selection: Selection;
  readonly #projection: Projection;
  readonly #query: ListQuery;
  readonly #resources = new globalThis.DisposableStack();
  #bookmarkTimer: Disposable | undefined;
  #initial: readonly StoredObject[] = [];
  #initialSent = 0;
  /** "initial": the bookmark that ends the initial objects is still to come. */
  #bookmark: "none" | "due" | "initial" = "none";
  /** Version of the state that the initial objects show, or after which changes are sent. */
  #after = 0;
  /** Number of the next change in the log. */
  #next: number;
  #failure: StatusError | undefined;
  #ended = false;
  #wake: (() => void) | undefined;

  constructor(
    context: Context,
    collection: Collection,
    resource: ServedResource,
    selection: Selection,
    projection: Projection,
    query: ListQuery,
  ) {
    this.#context = context;
    this.#collection = collection;
    this.#resource = resource;
    this.#selection = selection;
    this.#projection = projection;
    this.#query = query;
    this.#next = collection.log.end;
    this.#place();
  }

  /** Finds where to begin. Failures become events, as the real server has sent its headers by then. */
  #place(): void {
    const { resourceVersion, sendInitialEvents, allowBookmarks } = this.#query;
    const current = this.#context.store.revision;
    this.#after = current;
    if (sendInitialEvents ?? (resourceVersion ?? 0) === 0) {
      if ((resourceVersion ?? 0) > current) {
        this.#failure = tooLargeVersion(resourceVersion ?? 0, current);
        return;
      }
      const { range } = this.#selection;
      this.#initial = [...this.#collection.range(range)].filter((object) => this.#selection.matches(object));
      if (sendInitialEvents === true && allowBookmarks) this.#bookmark = "initial";
    } else if ((resourceVersion ?? 0) !== 0) {
      this.#after = resourceVersion ?? 0;
      const { forgotten } = this.#collection.log;
      if (this.#after < forgotten) {
        this.#failure = expired(`too old resource version: ${this.#after} (${forgotten})`);
      }
      this.#next = this.#collection.log.numberAfter(this.#after);
    }
  }

  /** Begins to listen, and to count the time. */
  start(signal: AbortSignal | undefined): void {
    const { clock, random, closing } = this.#context;
    const seconds = this.#query.timeoutSeconds ?? 0;
    const timeout = seconds > 0 ? seconds * 1_000 : minimumTimeout * (1 + random.next());
    const end = (): void => this.#end();
    this.#resources.use(this.#collection.subscribe((change) => this.#onChange(change)));
    this.#resources.use(clock.timer(timeout, end));
    for (const each of [signal, closing]) {
      if (each === undefined) continue;
      each.addEventListener("abort", end, { once: true });
      this.#resources.defer(() => each.removeEventListener("abort", end));
    }
    this.#resources.defer(() => this.#bookmarkTimer?.[Symbol.dispose]());
    if (this.#query.allowBookmarks) {
      this.#scheduleBookmark(bookmarkInterval);
      if (timeout > lastBookmark) this.#resources.use(clock.timer(timeout - lastBookmark, () => this.#remind()));
    }
    if (signal?.aborted === true || closing.aborted) this.#end();
  }

  async next(): Promise<string | undefined> {
    while (!this.#ended) {
      const event = this.#take();
      if (event !== undefined) return event;
      if (this.#ended) break;
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    return undefined;
  }

  [Symbol.dispose](): void {
    this.#end();
  }

  #take(): string | undefined {
    if (this.#failure !== undefined) {
      const { document } = this.#failure;
      this.#end();
      return `{"type":"ERROR","object":${JSON.stringify(document)}}`;
    }
    const object = this.#initial[this.#initialSent];
    if (object !== undefined) {
      this.#initialSent++;
      return `{"type":"ADDED","object":${encodeRecord(object, this.#projection)}}`;
    }
    if (this.#bookmark === "initial") return this.#takeBookmark({ "k8s.io/initial-events-end": "true" });
    // Initial objects are not needed any more, while the watch may live for an hour.
    this.#initial = [];
    const { log } = this.#collection;
    if (this.#next < log.start) return void this.#end();
    for (let change = log.at(this.#next); change !== undefined; change = log.at(this.#next)) {
      this.#next++;
      const event = this.#encode(change);
      if (event !== undefined) return event;
    }
    return this.#bookmark === "due" ? this.#takeBookmark() : undefined;
  }

  /** The change as this watch sees it: an object may come into its selection, or leave it. */
  #encode(change: Change): string | undefined {
    if (change.revision <= this.#after) return undefined;
    const { previous, next } = change;
    const before = previous !== undefined && this.#selection.matches(previous);
    const after = next !== undefined && this.#selection.matches(next);
    if (after) return `{"type":"${before ? "MODIFIED" : "ADDED"}","object":${change.text("next", this.#projection)}}`;
    return before ? `{"type":"DELETED","object":${change.text("previous", this.#projection)}}` : undefined;
  }

  #takeBookmark(annotations?: Readonly<Record<string, string>>): string {
    // All changes up to the initial objects' version were sent; without initial objects, all there are.
    const revision = annotations === undefined ? Math.max(this.#context.store.revision, this.#after) : this.#after;
    this.#bookmark = "none";
    const metadata = { resourceVersion: String(revision), ...(annotations === undefined ? {} : { annotations }) };
    const kind = this.#projection === metadataOnly
      ? { kind: "PartialObjectMetadata", apiVersion: "meta.k8s.io/v1" }
      : { kind: this.#resource.kind, apiVersion: apiVersionOf(this.#resource) };
    return JSON.stringify({ type: "BOOKMARK", object: { ...kind, metadata } });
  }

  #onChange(change: Change): void {
    const { log } = this.#collection;
    if (this.#wake !== undefined && this.#encode(change) === undefined) {
      // It waits and this change is none of its business: let it sleep.
      this.#next = log.end;
    } else if (log.end - this.#next > this.#context.watchBuffer) {
      this.#end();
    } else this.#notify();
  }

  #scheduleBookmark(after: number): void {
    this.#bookmarkTimer = this.#context.clock.timer(after, () => {
      this.#remind();
      this.#scheduleBookmark(bookmarkInterval);
    });
  }

  #remind(): void {
    if (this.#bookmark === "none") this.#bookmark = "due";
    this.#notify();
  }

  #end(): void {
    this.#ended = true;
    this.#resources.dispose();
    this.#notify();
  }

  #notify(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}
