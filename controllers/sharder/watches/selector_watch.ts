import {
  combineObservers,
  dropManagedFields,
  watch,
  type WatcherEvent,
  type WatchObserver,
} from "../../../lib/runtime/watch/mod.ts";
import type { PartialObjectMetadata } from "../../../lib/k8s/types.ts";
import type { Clock } from "../../../lib/util/clock/mod.ts";
import { getLogger } from "../../../lib/util/log.ts";
import type { Random } from "../../../lib/util/random.ts";
import { merge } from "../../../lib/util/streams.ts";
import type { Target } from "../targets.ts";

/** Which objects a {@link SelectorWatch} follows. */
export interface Selection {
  readonly target: Target;
  /** Namespaces to watch one by one; undefined watches everything at once. */
  readonly namespaces: readonly (string | undefined)[];
  readonly labelSelector: string;
}

/** What watches need. */
export interface WatchParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly observer?: WatchObserver;
}

/** An event of one of the watches. */
export interface SelectionEvent {
  /** Which of the selection's namespaces it is from. */
  readonly namespace: string | undefined;
  readonly event: WatcherEvent<PartialObjectMetadata>;
  /** When the account was asked for that `init` begins, in monotonic milliseconds. */
  readonly askedAt: number;
}

/**
 * A half-open connection is noticed after about so long, in milliseconds: until then nobody would hear of an object
 * without a live owner. Opening a watch again costs the API server little.
 */
const watchTimeout = 60_000;

/** Where watching is forbidden, as to a sharder with the reference's rights, all is listed so often, in milliseconds. */
const pollPeriod = 5_000;

/** Follows the metadata of the objects that a label selector matches. It keeps none of them. */
export class SelectorWatch {
  readonly #selection: Selection;
  readonly #parts: WatchParts;
  readonly #complete = Promise.withResolvers<void>();
  readonly #denied = Promise.withResolvers<void>();
  readonly #missing: Set<string | undefined>;

  constructor(selection: Selection, parts: WatchParts) {
    this.#selection = selection;
    this.#parts = parts;
    this.#missing = new Set(selection.namespaces);
    if (this.#missing.size === 0) this.#complete.resolve();
  }

  /** Resolves when all matching objects have been told once, so that from here on nothing is missed. */
  get complete(): Promise<void> {
    return this.#complete.promise;
  }

  /** Resolves when it turns out that the sharder may not even list: then {@link complete} may take for ever. */
  get denied(): Promise<void> {
    return this.#denied.promise;
  }

  /** All events; ends when the signal aborts. */
  async *events(signal: AbortSignal): AsyncGenerator<SelectionEvent, void, undefined> {
    const { namespaces } = this.#selection;
    for await (const event of merge(...namespaces.map((namespace) => this.#follow(namespace, signal)))) {
      yield event;
      if (event.event.type !== "init_done") continue;
      this.#missing.delete(event.namespace);
      if (this.#missing.size === 0) this.#complete.resolve();
    }
  }

  async *#follow(namespace: string | undefined, signal: AbortSignal): AsyncGenerator<SelectionEvent, void, undefined> {
    const { target, labelSelector } = this.#selection;
    const { observer = {}, clock } = this.#parts;
    let askedAt = clock.monotonic();
    const ours: WatchObserver = {
      onList: () => void (askedAt = clock.monotonic()),
      onError: ({ verb, problem }) => {
        if (verb === "list" && problem === "forbidden") this.#denied.resolve();
      },
    };
    const options = {
      ...this.#parts,
      observer: combineObservers(ours, observer),
      labelSelector,
      transform: dropManagedFields,
      watchTimeout,
      pollPeriod,
      logger: getLogger(["sharding", "sharder", "watch"]),
      signal,
    };
    for await (const event of watch(target.objects.inNamespace(namespace), options)) {
      yield { namespace, event, askedAt };
    }
  }
}
