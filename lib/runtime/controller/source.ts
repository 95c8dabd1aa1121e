import { keyOf, type KubeObject, type ObjectKey } from "../../k8s/types.ts";
import type { InformerEvent } from "../watch/mod.ts";
import { and, type Predicate } from "./predicates.ts";

/** Puts a key into a controller's queue, at once or after some milliseconds. */
export type Enqueue = (key: ObjectKey, after?: number) => void;

/** Where a controller learns which objects need work. */
export interface Source {
  /** Names it in logs. */
  readonly name: string;
  /** Enqueues keys until `signal` aborts. May resolve earlier when it has nothing more to say. */
  start(enqueue: Enqueue, signal: AbortSignal): Promise<void>;
  /** Resolves when reconcilers may rely on what the source stands for, such as a filled cache. */
  whenReady(signal: AbortSignal): Promise<void>;
}

/** What a source needs of an Informer. */
export interface EventSource<T> {
  /** All changes from now on; what is known already comes first, as "added". Ends when `signal` aborts. */
  events(signal?: AbortSignal): AsyncIterable<InformerEvent<T>>;
  /** Its copy of the objects: ready when it is complete. */
  readonly store: { whenReady(signal?: AbortSignal): Promise<void> };
}

/** Options of {@link fromInformer}. */
export interface InformerSourceOptions<T> {
  /** Names the source in logs, such as the plural of the resource. */
  readonly name: string;
  /** Events for which one of them does not hold are passed over. */
  readonly predicates?: readonly Predicate<T>[];
  /** Keys that an event concerns. @default the object's own key */
  readonly keys?: (event: InformerEvent<T>) => Iterable<ObjectKey>;
  /** Milliseconds that the keys of an event wait, unless another event needs them earlier. @default 0 */
  readonly pause?: (event: InformerEvent<T>) => number;
}

/** The events of an informer, which runs on its own. */
export function fromInformer<T extends KubeObject>(
  informer: EventSource<T>,
  options: InformerSourceOptions<T>,
): Source {
  const { name, predicates = [], keys = (event) => [keyOf(event.object)], pause = () => 0 } = options;
  const wanted = and(...predicates);
  return {
    name,
    async start(enqueue, signal): Promise<void> {
      for await (const event of informer.events(signal)) {
        if (!wanted(event)) continue;
        const after = pause(event);
        for (const key of keys(event)) after > 0 ? enqueue(key, after) : enqueue(key);
      }
    },
    whenReady: (signal) => informer.store.whenReady(signal),
  };
}

/** What kind of owner {@link ownerKeys} looks for. */
export interface OwnerOptions {
  /** API group; "" is the core group. The version does not matter. */
  readonly group: string;
  /** Kind of the owners, such as `Secret`. */
  readonly kind: string;
  /** Is the owner namespaced? Then it is in the namespace of its child. @default true */
  readonly namespaced?: boolean;
  /** Only the one owner that is marked as controller counts. @default true */
  readonly onlyController?: boolean;
}

/** Maps the events of children to the keys of their owners; after a change of owners to the former ones too. */
export function ownerKeys(
  options: OwnerOptions,
): <T extends KubeObject>(event: InformerEvent<T>) => Iterable<ObjectKey> {
  const { group, kind, namespaced = true, onlyController = true } = options;
  function* ownersOf({ metadata }: KubeObject): Generator<ObjectKey> {
    for (const owner of metadata.ownerReferences ?? []) {
      if (owner.kind !== kind || groupOf(owner.apiVersion) !== group) continue;
      if (onlyController && owner.controller !== true) continue;
      yield { namespace: namespaced ? metadata.namespace ?? "" : "", name: owner.name };
    }
  }
  return function* (event): Generator<ObjectKey> {
    // Doubles do no harm: the queue holds each key once.
    if (event.type === "updated") yield* ownersOf(event.previous);
    yield* ownersOf(event.object);
  };
}

function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf("/");
  return slash < 0 ? "" : apiVersion.slice(0, slash);
}

/**
 * Keys from anything that can be iterated, for triggers that no informer gives.
 * @param open is called when the controller starts; the iteration has to end when the signal aborts.
 */
export function fromIterable(name: string, open: (signal: AbortSignal) => AsyncIterable<ObjectKey>): Source {
  return {
    name,
    async start(enqueue, signal): Promise<void> {
      for await (const key of open(signal)) enqueue(key);
    },
    whenReady: () => Promise.resolve(),
  };
}
