import type { PartialObjectMetadata } from "../../../lib/k8s/types.ts";
import type { RingSnapshot } from "../../../lib/rings/mod.ts";
import type { LeavingRead } from "./look.ts";
import type { Target } from "../targets.ts";

/** Up to so many namespaces are read, or left out, one by one. */
const fewNamespaces = 8;

/** Where to look for objects of resources that are still the ring's. */
export interface LeavingSweep {
  /**
   * Look into all namespaces that the ring does not select: as its selector has changed, or as a matter of routine,
   * to find what nobody told of.
   */
  readonly unselected: "selector" | "routine" | "no";
  /** Namespaces that the ring has ceased to select. */
  readonly namespaces: ReadonlySet<string>;
}

/**
 * Where objects may be that carry a ring's labels and are not in its scope.
 * @param snapshot the ring; undefined when it is gone or being deleted: then nothing is in scope.
 */
export function leavingReads(
  target: Target,
  snapshot: RingSnapshot | undefined,
  { unselected, namespaces }: LeavingSweep,
): readonly LeavingRead[] {
  if (snapshot?.roleOf(target.groupResource) === undefined) return [{ namespace: undefined, isRoutine: false }];
  if (!target.resource.namespaced) {
    const isDue = isNamespaces(target) && (unselected !== "no" || namespaces.size > 0);
    return isDue ? [{ namespace: undefined, isRoutine: false }] : [];
  }
  const known = [...namespaces].map((namespace) => ({ namespace, isRoutine: false }));
  if (unselected === "no") return known;
  const isRoutine = unselected === "routine";
  const others = snapshot.unselected.filter((namespace) => !namespaces.has(namespace));
  if (others.length <= fewNamespaces) {
    return [...known, ...others.map((namespace) => ({ namespace, isRoutine }))];
  }
  const { selected } = snapshot.scope;
  const everywhere = { namespace: undefined, isRoutine };
  if (selected.length === 0 || selected.length > fewNamespaces) return [...known, everywhere];
  const fieldSelector = selected.map((name) => `metadata.namespace!=${name}`).join(",");
  return [...known, { ...everywhere, fieldSelector }];
}

/**
 * Is it known that the object is not in the ring's scope? While a selector is invalid, or a namespace not seen yet,
 * nobody knows.
 */
export function isOutside(
  target: Target,
  { metadata: { namespace = "", name } }: PartialObjectMetadata,
  snapshot: RingSnapshot | undefined,
): boolean {
  if (snapshot?.roleOf(target.groupResource) === undefined) return true;
  // Namespaces are selected by what they are themselves; other cluster-scoped objects always are.
  return snapshot.selects(namespace === "" && isNamespaces(target) ? name : namespace) === false;
}

function isNamespaces({ resource: { group, kind } }: Target): boolean {
  return group === "" && kind === "Namespace";
}
