import type { Api } from "../k8s/api/api.ts";
import { isConflict, isInvalid, isNotFound } from "../k8s/errors.ts";
import type { KubeObject } from "../k8s/types.ts";
import type { Reconcile } from "../runtime/controller/mod.ts";
import type { StoreReader } from "../runtime/watch/mod.ts";
import { acknowledgementPatch } from "../sharding/label_patch.ts";
import type { KeyGate } from "./key_gate.ts";
import { ownershipOf, type ShardIdentity } from "./shard_labels.ts";
import type { WakeSource } from "./wake_source.ts";

/** Field manager of acknowledgements. */
export const acknowledgementFieldManager = "shard";

/** Parts of {@link acknowledgeDrains}. */
export interface DrainParts<T extends KubeObject> extends ShardIdentity {
  /**
   * The shard's own objects: every copy of them that work begins from. A drain counts when all of them show it, as one
   * that lags would have work begin on an object that is another shard's by then.
   */
  readonly stores: readonly StoreReader<KubeObject>[];
  /** Writes them; its client is the guarded one. */
  readonly api: Api<T>;
  /** Shared with the reconcilers of the same objects. */
  readonly gate: KeyGate;
  /** A source of the controller that runs this: keys come back through it once the work on them has ended. */
  readonly wake: WakeSource;
}

/**
 * Removes both labels of objects that shall be drained, once the work on them has ended: from then on they are no
 * longer ours. It is a reconciler for a controller of its own, so that it never queues behind normal work.
 *
 * The labels are compared by the API server in the same request (JSON patch `test`), so a drain that was withdrawn,
 * or an object that somebody else has taken over, is left alone, while unrelated changes do not get in the way. In
 * effect it is what shards of the reference write (protocol, section 7).
 */
export function acknowledgeDrains<T extends KubeObject>(parts: DrainParts<T>): Reconcile {
  const { stores, api, gate, wake } = parts;
  const isDraining = (object: KubeObject | undefined): boolean =>
    object !== undefined && ownershipOf(object, parts) === "draining";
  return async (key, { signal, logger }) => {
    const copies = stores.map((store) => store.get(key));
    const [object] = copies;
    // A copy that is behind brings the key here again when it has caught up.
    if (object === undefined || !copies.every(isDraining)) return;
    using held = gate.enter(key, "release");
    if (held === undefined) {
      gate.whenFree(key, () => wake.wake(key));
      return;
    }
    const namespaced = api.inNamespace(key.namespace);
    const options = { signal, fieldManager: acknowledgementFieldManager };
    try {
      const operations = acknowledgementPatch(object.metadata, parts.ring);
      await namespaced.patch(key.name, { type: "json", operations }, options);
      logger.debug("acknowledged the drain");
    } catch (error) {
      if (isNotFound(error)) return;
      if (!isInvalid(error) && !isConflict(error)) throw error;
      // The labels have changed, or the object as a whole is refused: only in the second case there is more to do.
      const current = await namespaced.asMetadata().find(key.name, { signal });
      if (isDraining(current)) throw error;
      logger.debug("the drain was withdrawn or acknowledged already");
    }
  };
}
