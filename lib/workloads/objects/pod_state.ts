import { parseTime } from "../../util/micro_time.ts";
import type { Pod, PodCondition } from "../kinds/core.ts";

/** Has the pod ended for good, well or badly? */
export function hasEnded({ status }: Pod): boolean {
  return status?.phase === "Succeeded" || status?.phase === "Failed";
}

/** Does the pod count as a replica: it has not ended, and nobody deletes it? */
export function isActive(pod: Pod): boolean {
  return !hasEnded(pod) && pod.metadata.deletionTimestamp === undefined;
}

/** Is the pod being deleted, but has not ended yet? */
export function isTerminating(pod: Pod): boolean {
  return !hasEnded(pod) && pod.metadata.deletionTimestamp !== undefined;
}

/** One condition of a pod. */
export function podCondition({ status }: Pod, type: string): PodCondition | undefined {
  return status?.conditions?.find((condition) => condition.type === type);
}

/** May the pod get traffic? */
export function isReady(pod: Pod): boolean {
  return podCondition(pod, "Ready")?.status === "True";
}

/** Since when the pod has been ready, in milliseconds since the epoch; undefined when it is not. */
export function readySince(pod: Pod): number | undefined {
  const ready = podCondition(pod, "Ready");
  return ready?.status === "True" ? parseTime(ready.lastTransitionTime) ?? 0 : undefined;
}

/**
 * Milliseconds until a pod has been ready for `minReadySeconds`, which makes it available: 0 when it is, Infinity when
 * it is not ready.
 */
export function untilAvailable(pod: Pod, minReadySeconds: number, now: number): number {
  const since = readySince(pod);
  return since === undefined ? Infinity : Math.max(0, since + minReadySeconds * 1_000 - now);
}
