import type { Deployment } from "../kinds/apps.ts";

/** How far the number of pods may differ from the wanted one during a rolling update. */
export interface RolloutLimits {
  /** Pods that may exist beyond the wanted number. */
  readonly surge: number;
  /** Pods that may lack of the wanted number. */
  readonly unavailable: number;
}

/** How many pods a Deployment wants. */
export function replicasOf({ spec }: Deployment): number {
  return spec.replicas ?? 1;
}

/** Does the Deployment replace its pods step by step? */
export function isRolling({ spec }: Deployment): boolean {
  return spec.strategy?.type !== "Recreate";
}

/**
 * The limits of a Deployment in pods: percentages are rounded up for the surge and down for what may be unavailable;
 * where both come to 0 one may be unavailable, or nothing could ever move. Both are 0 for another strategy.
 */
export function rolloutLimits(deployment: Deployment): RolloutLimits {
  const replicas = replicasOf(deployment);
  if (!isRolling(deployment) || replicas === 0) return { surge: 0, unavailable: 0 };
  const { maxSurge = "25%", maxUnavailable = "25%" } = deployment.spec.strategy?.rollingUpdate ?? {};
  const surge = inPods(maxSurge, replicas, Math.ceil);
  const unavailable = inPods(maxUnavailable, replicas, Math.floor);
  return { surge, unavailable: Math.min(replicas, surge === 0 && unavailable === 0 ? 1 : unavailable) };
}

/** How many pods may exist at a time. */
export function mostPods(deployment: Deployment): number {
  return replicasOf(deployment) + rolloutLimits(deployment).surge;
}

/** How many pods are to be available all the time. */
export function fewestAvailable(deployment: Deployment): number {
  return replicasOf(deployment) - rolloutLimits(deployment).unavailable;
}

function inPods(value: number | string, replicas: number, round: (value: number) => number): number {
  if (typeof value === "number") return value;
  const percent = /^(\d+)%$/.exec(value)?.[1];
  // The API server refuses anything else.
  if (percent === undefined) throw new RangeError(`"${value}" is neither a number of pods nor a percentage of them`);
  return round(Number(percent) * replicas / 100);
}
