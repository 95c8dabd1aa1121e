import type { Deployment, ReplicaSet } from "../kinds/apps.ts";
import { createdAt } from "../objects/times.ts";
import { fewestAvailable, isRolling, mostPods, replicasOf } from "./limits.ts";
import { desiredAnnotation, mostAnnotation, numberIn } from "./revisions.ts";

/** A ReplicaSet and the number of pods that it is to have. */
export interface Resize {
  readonly set: ReplicaSet;
  readonly size: number;
}

/** How many pods a ReplicaSet is to have. */
export function sizeOf({ spec }: ReplicaSet): number {
  return spec.replicas ?? 1;
}

/** The sum of something over ReplicaSets. */
export function sum(sets: readonly ReplicaSet[], of: (set: ReplicaSet) => number | undefined): number {
  return sets.reduce((total, set) => total + (of(set) ?? 0), 0);
}

/** Oldest first; by name where they are of the same second. */
export function byAge(sets: readonly ReplicaSet[]): readonly ReplicaSet[] {
  return sets.toSorted((a, b) => createdAt(a) - createdAt(b) || (a.metadata.name < b.metadata.name ? -1 : 1));
}

/** Is the ReplicaSet's status newer than its size? */
function isObserved({ metadata, status }: ReplicaSet): boolean {
  return status?.observedGeneration === metadata.generation;
}

/**
 * Pods that a ReplicaSet has or will have: it may not have deleted yet what its size no longer allows. Infinity as long
 * as its controller may still act on an earlier size.
 */
function podsOf(set: ReplicaSet): number {
  return isObserved(set) ? Math.max(sizeOf(set), set.status?.replicas ?? 0) : Infinity;
}

/** Available pods that a ReplicaSet keeps for sure; undefined when that cannot be told. */
function availableOf(set: ReplicaSet): number | undefined {
  return isObserved(set) ? Math.min(sizeOf(set), set.status?.availableReplicas ?? 0) : undefined;
}

/**
 * The size of the newest ReplicaSet in the next step: as large as the surge allows. Unlike kube-controller-manager this
 * counts the pods that old ReplicaSets still have, not only those that they are meant to have, so that there really are
 * never more than the surge allows.
 * @param newSize 0 before it exists.
 */
export function nextSizeOfNew(deployment: Deployment, newSize: number, oldSets: readonly ReplicaSet[]): number {
  const wanted = replicasOf(deployment);
  if (!isRolling(deployment) || newSize >= wanted) return wanted;
  const room = mostPods(deployment) - sum(oldSets, podsOf) - newSize;
  return room <= 0 ? newSize : newSize + Math.min(room, wanted - newSize);
}

/**
 * Old ReplicaSets that can do with fewer pods in the next step: first those whose pods are not available anyway, then
 * the oldest, as long as enough pods are available. Sizes are what is counted, not what a status still shows: so what
 * was taken away before is not taken away twice.
 */
export function shrinkOld(
  deployment: Deployment,
  newSet: ReplicaSet,
  oldSets: readonly ReplicaSet[],
): readonly Resize[] {
  const fewest = fewestAvailable(deployment);
  const newAvailable = availableOf(newSet) ?? 0;
  let spare = sum(oldSets, sizeOf) + newAvailable - fewest;
  const sizes = new Map(byAge(oldSets).filter((set) => sizeOf(set) > 0).map((set) => [set, sizeOf(set)]));
  for (const [set, size] of sizes) {
    const fewer = Math.min(size - (availableOf(set) ?? size), Math.max(0, spare));
    sizes.set(set, size - fewer);
    spare -= fewer;
  }
  let available = Math.min(spare, sum(oldSets, availableOf) + newAvailable - fewest);
  for (const [set, size] of sizes) {
    const fewer = Math.min(size, Math.max(0, available));
    sizes.set(set, size - fewer);
    available -= fewer;
  }
  return [...sizes].filter(([set, size]) => size !== sizeOf(set)).map(([set, size]) => ({ set, size }));
}

/** Was the Deployment given another size since its ReplicaSets got theirs? */
export function isResized(deployment: Deployment, sets: readonly ReplicaSet[]): boolean {
  return sets.filter((set) => sizeOf(set) > 0).some((set) => {
    const desired = numberIn(set, desiredAnnotation);
    return desired !== undefined && desired !== replicasOf(deployment);
  });
}

/**
 * The sizes of the ReplicaSets after the Deployment got another size, or while it is paused. One that has all pods
 * follows; in the middle of a rolling update each gets its share, so that the rollout stays as far as it is.
 */
export function resizeAll(
  deployment: Deployment,
  newSet: ReplicaSet | undefined,
  oldSets: readonly ReplicaSet[],
): readonly Resize[] {
  const wanted = replicasOf(deployment);
  const active = [...oldSets, ...(newSet === undefined ? [] : [newSet])].filter((set) => sizeOf(set) > 0);
  if (active.length < 2) {
    const [only = newSet ?? byAge(oldSets).at(-1)] = active;
    return only === undefined ? [] : [{ set: only, size: wanted }];
  }
  if (newSet !== undefined && isSaturated(deployment, newSet)) {
    return active.filter((set) => set !== newSet).map((set) => ({ set, size: 0 }));
  }
  return isRolling(deployment) ? proportionalSizes(deployment, active) : [];
}

/** Does the newest ReplicaSet have all pods that the Deployment wants? */
function isSaturated(deployment: Deployment, newSet: ReplicaSet): boolean {
  const wanted = replicasOf(deployment);
  return sizeOf(newSet) === wanted && numberIn(newSet, desiredAnnotation) === wanted &&
    newSet.status?.availableReplicas === wanted;
}

function proportionalSizes(deployment: Deployment, active: readonly ReplicaSet[]): readonly Resize[] {
  const allowed = replicasOf(deployment) > 0 ? mostPods(deployment) : 0;
  const change = allowed - sum(active, sizeOf);
  // The largest bears what rounding leaves; among equals the newest grows, the oldest shrinks.
  const newestFirst = byAge(active).toReversed();
  const ordered = (change > 0 ? newestFirst : byAge(active)).toSorted((a, b) => sizeOf(b) - sizeOf(a));
  let left = change;
  const resizes = ordered.map((set) => {
    const share = shareOf(deployment, set);
    const part = change > 0 ? Math.min(share, left) : Math.max(share, left);
    const given = change === 0 ? 0 : part;
    left -= given;
    return { set, size: sizeOf(set) + given };
  });
  return resizes.map(({ set, size }, index) => ({ set, size: index === 0 ? Math.max(0, size + left) : size }));
}

/** How many pods a ReplicaSet is to gain or lose when all keep their parts of the whole. */
function shareOf(deployment: Deployment, set: ReplicaSet): number {
  if (replicasOf(deployment) === 0) return -sizeOf(set);
  const before = numberIn(set, mostAnnotation) || deployment.status?.replicas;
  if (before === undefined || before === 0) return 0;
  return Math.round(sizeOf(set) * mostPods(deployment) / before) - sizeOf(set);
}
