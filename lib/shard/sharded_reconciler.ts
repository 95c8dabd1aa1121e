import type { Api } from "../k8s/api/api.ts";
import type { KubeObject, ObjectKey } from "../k8s/types.ts";
import type { Reconcile, ReconcileContext, ReconcileResult } from "../runtime/controller/mod.ts";
import type { StoreReader } from "../runtime/watch/mod.ts";
import type { KeyGate } from "./key_gate.ts";
import { ownershipOf, type ShardIdentity } from "./shard_labels.ts";
import type { WakeSource } from "./wake_source.ts";

/** What a sharded reconciler gets besides the object. */
export interface ShardContext<T> extends ReconcileContext {
  /**
   * Reads the object from the API server, for decisions that the cache is too old for. Undefined when it does not
   * exist any more, or is not ours any more.
   */
  live(): Promise<T | undefined>;
  /**
   * The object came to this shard right after its creation, and this is the first call for it. So it has hardly any
   * children yet, and one that is missing in the cache may be created at once; take the trouble to look for it only
   * when that is refused as it exists already. Otherwise it may well exist and be on its way from another shard.
   */
  readonly newborn: boolean;
}

/**
 * Brings what exists in line with what is wanted, for one object of this shard. Called only with objects that are
 * ours, and never while another shard may be called with them. Level-based and retried like any {@link Reconcile}.
 */
export type ShardReconcile<T> = (object: T, context: ShardContext<T>) => Promise<ReconcileResult | void>;

/** Parts of {@link shardedReconciler}. */
export interface ShardedReconcilerParts<T extends KubeObject> extends ShardIdentity {
  /** The shard's own objects. */
  readonly store: StoreReader<T>;
  /** Reads objects for `ShardContext.live()`. */
  readonly api: Api<T>;
  /** Shared with the acknowledgement of drains of the same objects. */
  readonly gate: KeyGate;
  /** A source of the controller that runs this. */
  readonly wake: WakeSource;
  /** Asked once for each call: did the object come right after its creation, and is this the first one? @default no */
  readonly takeNewborn?: (object: T) => boolean;
  /** The author's reconciler. */
  readonly reconcile: ShardReconcile<T>;
  /**
   * Called when the object is not ours (any more): moved to another shard, or deleted. Which of the two is not known,
   * as a shard only sees its own objects; so forget what is kept about it, but clean nothing up in the cluster.
   */
  readonly onReleased?: (key: ObjectKey) => void;
}

/** Wraps an author's reconciler, so that it only ever sees objects that this shard owns. */
export function shardedReconciler<T extends KubeObject>(parts: ShardedReconcilerParts<T>): Reconcile {
  const { store, api, gate, wake, takeNewborn = () => false, reconcile, onReleased } = parts;
  return async (key, context) => {
    const object = store.get(key);
    const ownership = object === undefined ? "foreign" : ownershipOf(object, parts);
    if (object === undefined || ownership === "foreign") {
      onReleased?.(key);
      return;
    }
    // Its acknowledgement is another controller's work, and its end is announced by the cache.
    if (ownership === "draining") return;
    using held = gate.enter(key, "work");
    if (held === undefined) {
      gate.whenFree(key, () => wake.wake(key));
      return;
    }
    const live = async (): Promise<T | undefined> => {
      const current = await api.inNamespace(key.namespace).find(key.name, { signal: context.signal });
      return current !== undefined && ownershipOf(current, parts) !== "foreign" ? current : undefined;
    };
    return await reconcile(object, { ...context, live, newborn: takeNewborn(object) });
  };
}
