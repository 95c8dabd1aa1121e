import { parseTime } from "../../util/micro_time.ts";
import type { Deployment, DeploymentCondition, DeploymentStatus, ReplicaSet } from "../kinds/apps.ts";
import { findCondition, replaceCondition, withCondition, withoutCondition } from "../objects/conditions.ts";
import { formatTime } from "../objects/times.ts";
import { fewestAvailable, replicasOf } from "./limits.ts";
import { sizeOf, sum } from "./sizes.ts";

type Conditions = readonly DeploymentCondition[];

/** The largest deadline: it means "none". */
const noDeadline = 2 ** 31 - 1;

/** Milliseconds that a rollout may go without progress; undefined when there is no limit. */
export function progressDeadline({ spec }: Deployment): number | undefined {
  const seconds = spec.progressDeadlineSeconds;
  return seconds === undefined || seconds === noDeadline ? undefined : seconds * 1_000;
}

/** A condition as of now. */
export function newCondition(
  type: "Available" | "Progressing",
  status: "True" | "False" | "Unknown",
  reason: string,
  message: string,
  now: number,
): DeploymentCondition {
  const time = formatTime(now);
  return { type, status, lastUpdateTime: time, lastTransitionTime: time, reason, message };
}

/** The numbers of a status, and whether enough pods are available. */
export function countedStatus(
  deployment: Deployment,
  newSet: ReplicaSet | undefined,
  sets: readonly ReplicaSet[],
  now: number,
): DeploymentStatus {
  const { metadata, status = {} } = deployment;
  const availableReplicas = sum(sets, (set) => set.status?.availableReplicas);
  const enough = availableReplicas >= fewestAvailable(deployment);
  const available = enough
    ? newCondition("Available", "True", "MinimumReplicasAvailable", "Deployment has minimum availability.", now)
    : newCondition(
      "Available",
      "False",
      "MinimumReplicasUnavailable",
      "Deployment does not have minimum availability.",
      now,
    );
  return {
    ...(metadata.generation === undefined ? {} : { observedGeneration: metadata.generation }),
    replicas: sum(sets, (set) => set.status?.replicas),
    updatedReplicas: newSet?.status?.replicas ?? 0,
    readyReplicas: sum(sets, (set) => set.status?.readyReplicas),
    availableReplicas,
    unavailableReplicas: Math.max(0, sum(sets, sizeOf) - availableReplicas),
    terminatingReplicas: sum(sets, (set) => set.status?.terminatingReplicas),
    ...(status.collisionCount === undefined ? {} : { collisionCount: status.collisionCount }),
    conditions: [...withCondition(status.conditions ?? [], available)],
  };
}

/** The status of a Deployment in a rollout: the numbers, how it gets on, and failures of its ReplicaSets. */
export function rolloutStatus(
  deployment: Deployment,
  newSet: ReplicaSet | undefined,
  sets: readonly ReplicaSet[],
  now: number,
): DeploymentStatus {
  const counted = countedStatus(deployment, newSet, sets, now);
  const progressed = withProgress(deployment, newSet, counted, now);
  const failure = [...(newSet === undefined ? [] : [newSet]), ...sets]
    .map((set) => findCondition(set.status?.conditions, "ReplicaFailure")).find((condition) => condition !== undefined);
  const conditions = failure === undefined
    ? withoutCondition(progressed, "ReplicaFailure")
    : withCondition(progressed, {
      ...failure,
      ...(failure.lastTransitionTime === undefined ? {} : { lastUpdateTime: failure.lastTransitionTime }),
    });
  return { ...counted, conditions: [...conditions] };
}

function withProgress(
  deployment: Deployment,
  newSet: ReplicaSet | undefined,
  next: DeploymentStatus,
  now: number,
): Conditions {
  const conditions = next.conditions ?? [];
  if (progressDeadline(deployment) === undefined) return withoutCondition(conditions, "Progressing");
  const current = findCondition(deployment.status?.conditions, "Progressing");
  // Pods that fail after a rollout is complete do not begin it anew.
  if (next.replicas === next.updatedReplicas && current?.reason === "NewReplicaSetAvailable") return conditions;
  const who = newSet === undefined
    ? `Deployment "${deployment.metadata.name}"`
    : `ReplicaSet "${newSet.metadata.name}"`;
  if (isComplete(deployment, next)) {
    const message = `${who} has successfully progressed.`;
    return withCondition(conditions, newCondition("Progressing", "True", "NewReplicaSetAvailable", message, now));
  }
  if (hasProgressed(deployment.status ?? {}, next)) {
    const message = `${who} is progressing.`;
    // The time of the last update has to go on, as the deadline counts from it.
    return replaceCondition(conditions, newCondition("Progressing", "True", "ReplicaSetUpdated", message, now));
  }
  if (isTimedOut(deployment, now)) {
    const message = `${who} has timed out progressing.`;
    return withCondition(conditions, newCondition("Progressing", "False", "ProgressDeadlineExceeded", message, now));
  }
  return conditions;
}

/** Are all pods new and available, and no old ones left? */
export function isComplete(deployment: Deployment, status: DeploymentStatus): boolean {
  const wanted = replicasOf(deployment);
  return (status.updatedReplicas ?? 0) === wanted && (status.replicas ?? 0) === wanted &&
    (status.availableReplicas ?? 0) === wanted &&
    (status.observedGeneration ?? 0) >= (deployment.metadata.generation ?? 0);
}

/** Are there more new pods, fewer old ones, or more that are ready or available? */
function hasProgressed(before: DeploymentStatus, after: DeploymentStatus): boolean {
  const old = ({ replicas = 0, updatedReplicas = 0 }: DeploymentStatus): number => replicas - updatedReplicas;
  return (after.updatedReplicas ?? 0) > (before.updatedReplicas ?? 0) || old(after) < old(before) ||
    (after.readyReplicas ?? 0) > (before.readyReplicas ?? 0) ||
    (after.availableReplicas ?? 0) > (before.availableReplicas ?? 0);
}

function isTimedOut(deployment: Deployment, now: number): boolean {
  const current = findCondition(deployment.status?.conditions, "Progressing");
  if (current === undefined || current.reason === "NewReplicaSetAvailable") return false;
  if (current.reason === "ProgressDeadlineExceeded") return true;
  return untilTimedOut(deployment, now) < 0;
}

/** Milliseconds until the rollout is late; Infinity when it cannot be. */
export function untilTimedOut(deployment: Deployment, now: number): number {
  const limit = progressDeadline(deployment);
  const current = findCondition(deployment.status?.conditions, "Progressing");
  if (limit === undefined || current === undefined) return Infinity;
  if (current.reason === "ProgressDeadlineExceeded" || current.reason === "NewReplicaSetAvailable") return Infinity;
  return (parseTime(current.lastUpdateTime) ?? now) + limit - now;
}

/** The conditions after the Deployment was paused or resumed: its time does not run meanwhile. */
export function pausedConditions({ spec, status }: Deployment, now: number): Conditions {
  const conditions = status?.conditions ?? [];
  const current = findCondition(conditions, "Progressing");
  if (current?.reason === "ProgressDeadlineExceeded") return conditions;
  const paused = current?.reason === "DeploymentPaused";
  if (spec.paused === true && !paused) {
    const note = newCondition("Progressing", "Unknown", "DeploymentPaused", "Deployment is paused", now);
    return withCondition(conditions, note);
  }
  if (spec.paused !== true && paused) {
    const note = newCondition("Progressing", "Unknown", "DeploymentResumed", "Deployment is resumed", now);
    return withCondition(conditions, note);
  }
  return conditions;
}
