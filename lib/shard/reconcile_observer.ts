import type { KubeObject } from "../k8s/types.ts";
import type { ShardReconcile } from "./sharded_reconciler.ts";

/** A call of an author's reconciler that begins. */
export interface ReconcileCall {
  /** Name of the controller. */
  readonly controller: string;
  /** The object that it was called for, as the cache has it. */
  readonly object: KubeObject;
}

/**
 * Hears each call of an author's reconciler when it begins. What it returns is called when the call has ended, with the
 * error if it failed.
 */
export type ReconcileObserver = (call: ReconcileCall) => (error?: unknown) => void;

/** The same reconciler, with an observer that hears of its calls. */
export function observed<T extends KubeObject>(
  controller: string,
  reconcile: ShardReconcile<T>,
  observer: ReconcileObserver | undefined,
): ShardReconcile<T> {
  if (observer === undefined) return reconcile;
  return async (object, context) => {
    const ended = observer({ controller, object });
    try {
      const result = await reconcile(object, context);
      ended();
      return result;
    } catch (error) {
      ended(error);
      throw error;
    }
  };
}
