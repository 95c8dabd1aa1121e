import type { KubeObject } from "../../k8s/types.ts";

/** Where `kubectl apply` keeps the whole manifest. */
const lastApplied = "kubectl.kubernetes.io/last-applied-configuration";

/**
 * A transform for informers: the object without managedFields and without the last-applied annotation. The two are
 * often most of an object's bytes and say nothing to a controller. Do not use such an object for a full replace.
 */
export function dropManagedFields<T extends KubeObject>(object: T): T {
  const { managedFields: _, ...metadata } = object.metadata;
  if (metadata.annotations?.[lastApplied] !== undefined) {
    const { [lastApplied]: _, ...annotations } = metadata.annotations;
    metadata.annotations = annotations;
  }
  return { ...object, metadata };
}
