import type { Api } from "../../lib/k8s/api/api.ts";
import { type JsonPatchOperation, pointer } from "../../lib/k8s/api/patch.ts";
import { isConflict, isInvalid, isNotFound } from "../../lib/k8s/errors.ts";
import { ringFinalizer } from "../../lib/sharding/names.ts";
import type { ControllerRing } from "../../lib/sharding/ring_types.ts";

/** Does our finalizer keep the ring? */
export function hasFinalizer({ metadata }: ControllerRing): boolean {
  return metadata.finalizers?.includes(ringFinalizer) === true;
}

/**
 * Puts our finalizer on a ring, or takes it off. Compares with `ring` before it sets, so that it neither removes what
 * others have added meanwhile, nor brings back what they have removed.
 *
 * @returns false when the ring has changed meanwhile or is gone: the newer ring has to be looked at.
 * @throws ApiError when we may not patch rings.
 */
export async function setFinalizer(
  ring: ControllerRing,
  wanted: boolean,
  rings: Api<ControllerRing>,
  signal: AbortSignal,
): Promise<boolean> {
  if (hasFinalizer(ring) === wanted) return true;
  const { name, uid, finalizers = [] } = ring.metadata;
  const path = pointer("metadata", "finalizers");
  const others = finalizers.filter((finalizer) => finalizer !== ringFinalizer);
  const operations: JsonPatchOperation[] = [
    { op: "test", path: pointer("metadata", "uid"), value: uid ?? null },
    { op: "test", path, value: finalizers.length === 0 ? null : [...finalizers] },
    { op: "add", path, value: wanted ? [...others, ringFinalizer] : others },
  ];
  try {
    await rings.patch(name, { type: "json", operations }, { signal });
    return true;
  } catch (error) {
    if (isInvalid(error) || isConflict(error) || isNotFound(error)) return false;
    throw error;
  }
}
