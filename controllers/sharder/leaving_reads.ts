import type { PartialObjectMetadata } from "../../lib/k8s/types.ts";
import type { RingSnapshot } from "../../lib/rings/mod.ts";
import type { LeavingRead } from "./leaving_look.ts";
import type { Target } from "./targets.ts";

/** Up to so many namespaces are read, or left out, one by one. */
const fewNamespaces = 8;

/** Which namespaces to look into for objects of resources that are still the ring's. */
export type LeavingNamespaces =
  /** All that the ring does not select. */
  | "unselected"
  /** Those that it has ceased to select. */
  | ReadonlySet<string>;

/**
 * Where objects may be that carry a ring's labels and are not in its scope.
 * @param snapshot the ring; undefined when it is gone or being deleted: then nothing is in scope.
 */
export function leavingReads(
  target: Target,
  snapshot: RingSnapshot | undefined,
  namespaces: LeavingNamespaces,
): readonly LeavingRead[] {
  const everywhere = [{ namespace: undefined }];
  if (snapshot?.roleOf(target.groupResource) === undefined) return everywhere;
  if (!target.resource.namespaced) return isNamespaces(target) && namespacesNeedLook(namespaces) ? everywhere : [];
  if (namespaces !== "unselected") return [...namespaces].map((namespace) => ({ namespace }));
  const { unselected } = snapshot;
  if (unselected.length <= fewNamespaces) return unselected.map((namespace) => ({ namespace }));
  const { selected } = snapshot.scope;
  if (selected.length === 0 || selected.length > fewNamespaces) return everywhere;
  const fieldSelector = selected.map((name) => `metadata.namespace!=${name}`).join(",");
  return [{ namespace: undefined, fieldSelector }];
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

function namespacesNeedLook(namespaces: LeavingNamespaces): boolean {
  return namespaces === "unselected" || namespaces.size > 0;
}
