import pMap from "p-map";
import type { PartialObjectMetadata } from "../../../lib/k8s/types.ts";
import { BoundedQueue } from "../../../lib/util/bounded_queue.ts";
import { type Selection, SelectorWatch, type WatchParts } from "./selector_watch.ts";
import type { Target } from "../targets.ts";

/** What a doorbell rings for. */
export interface DoorbellHandlers {
  /** An object has no live owner. Must not throw. */
  readonly onObject: (target: Target, object: PartialObjectMetadata) => Promise<void>;
  /** There were too many to tell one by one: a pass is needed. */
  readonly onOverflow: () => void;
}

/** Objects that may wait to be handled. */
const capacity = 1_000;

/** Objects of one doorbell that are handled at the same time. */
const concurrency = 20;

/**
 * Tells of each object that comes to be without a live owner. What is without one when the watch begins is not told:
 * a pass that lists after {@link DoorbellHandle.complete} finds that, and both together miss nothing.
 */
export class Doorbell {
  readonly #selection: Selection;
  readonly #watch: SelectorWatch;
  readonly #handlers: DoorbellHandlers;

  constructor(selection: Selection, parts: WatchParts, handlers: DoorbellHandlers) {
    this.#selection = selection;
    this.#watch = new SelectorWatch(selection, parts);
    this.#handlers = handlers;
  }

  /** Resolves when nothing can be missed any more. */
  get complete(): Promise<void> {
    return this.#watch.complete;
  }

  /** Resolves when the sharder turns out to have no right to hear of anything. */
  get denied(): Promise<void> {
    return this.#watch.denied;
  }

  /** Works until the signal aborts; resolves when the objects in work are done. */
  async run(signal: AbortSignal): Promise<void> {
    const queue = new BoundedQueue<PartialObjectMetadata>(capacity);
    const { target } = this.#selection;
    await Promise.all([
      this.#fill(queue, signal),
      pMap(queue, (object) => this.#handlers.onObject(target, object), { concurrency }),
    ]);
  }

  /** The watch is always read to the end: an API server cuts off slow readers. */
  async #fill(queue: BoundedQueue<PartialObjectMetadata>, signal: AbortSignal): Promise<void> {
    const known = new Set<string | undefined>();
    try {
      for await (const { namespace, event } of this.#watch.events(signal)) {
        if (event.type === "init_done") known.add(namespace);
        const isNews = event.type === "apply" || (event.type === "init_apply" && known.has(namespace));
        if (isNews && !queue.push(event.object)) this.#handlers.onOverflow();
      }
    } finally {
      queue.close();
    }
  }
}
