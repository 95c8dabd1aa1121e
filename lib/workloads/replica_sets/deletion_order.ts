import type { Pod } from "../kinds/core.ts";
import { isReady, readySince } from "../objects/pod_state.ts";
import { createdAt } from "../objects/times.ts";

/** Says how dear a pod is: those with lower costs are deleted first (KEP-2255). */
const costAnnotation = "controller.kubernetes.io/pod-deletion-cost";

const phases: readonly (string | undefined)[] = ["Pending", "Unknown", "Running"];

/**
 * The pods in the order in which a ReplicaSet gives them up: those that were not yet assigned to a node, are pending, or
 * are not ready before the others; then those that cost less, that share their node with more pods of the same kind, that
 * became ready later, that restarted more often, and that are younger (Kubernetes documentation, "ReplicaSet"; times are
 * compared by their logarithm, KEP-2185, and decided by uid where they come to the same).
 * @param related active pods of all ReplicaSets with the same controller, which count for how full a node is.
 */
export function deletionOrder(pods: readonly Pod[], related: readonly Pod[], now: number): readonly Pod[] {
  const podsOnNode = new Map<string, number>();
  for (const { spec } of related) {
    const node = spec.nodeName ?? "";
    podsOnNode.set(node, (podsOnNode.get(node) ?? 0) + 1);
  }
  const crowd = (pod: Pod): number => podsOnNode.get(pod.spec.nodeName ?? "") ?? 0;
  return pods.toSorted((a, b) =>
    byNumber(a, b, ({ spec }) => Number((spec.nodeName ?? "") !== "")) ||
    byNumber(a, b, ({ status }) => phases.indexOf(status?.phase)) ||
    byNumber(a, b, (pod) => Number(isReady(pod))) ||
    byNumber(a, b, deletionCost) ||
    byNumber(b, a, crowd) ||
    byAge(a, b, readySince, now) ||
    byNumber(b, a, restarts) ||
    byAge(a, b, createdAt, now)
  );
}

function byNumber(a: Pod, b: Pod, of: (pod: Pod) => number): number {
  return of(a) - of(b);
}

/** Younger first. */
function byAge(a: Pod, b: Pod, since: (pod: Pod) => number | undefined, now: number): number {
  const [sinceA, sinceB] = [since(a), since(b)];
  if (sinceA === undefined || sinceB === undefined || sinceA === sinceB) return 0;
  const difference = magnitude(now - sinceA) - magnitude(now - sinceB);
  if (difference !== 0) return difference;
  return (a.metadata.uid ?? "") < (b.metadata.uid ?? "") ? -1 : 1;
}

/** The whole part of the binary logarithm of an age, in nanoseconds as in Go. */
function magnitude(ms: number): number {
  return ms > 0 ? Math.floor(Math.log2(ms * 1e6)) : -1;
}

function deletionCost({ metadata }: Pod): number {
  const cost = metadata.annotations?.[costAnnotation] ?? "";
  // The API server refuses others; what slips through counts as none.
  return /^-?\d+$/.test(cost) ? Number(cost) : 0;
}

function restarts({ status }: Pod): number {
  const counts = (status?.containerStatuses ?? []).map(({ restartCount }) => restartCount);
  return Math.max(0, ...counts);
}
