import { matchesLabelSelector } from "../../k8s/selectors.ts";
import type { ReplicaSet, ReplicaSetCondition, ReplicaSetStatus } from "../kinds/apps.ts";
import type { Pod } from "../kinds/core.ts";
import { findCondition, withCondition, withoutCondition } from "../objects/conditions.ts";
import { isReady, untilAvailable } from "../objects/pod_state.ts";
import { formatTime } from "../objects/times.ts";

/** What a status tells of. */
export interface Observation {
  /** Active pods of the ReplicaSet. */
  readonly pods: readonly Pod[];
  /** Pods of the ReplicaSet that are being deleted. */
  readonly terminating: number;
  /** What went wrong with creating or deleting pods. */
  readonly failure?: { readonly reason: "FailedCreate" | "FailedDelete"; readonly message: string };
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** The status of a ReplicaSet, and when it is to be looked at again because a pod becomes available by mere time. */
export function nextStatus(
  set: ReplicaSet,
  { pods, terminating, failure, now }: Observation,
): { readonly status: ReplicaSetStatus; readonly recheckAfter: number } {
  const { spec, metadata, status } = set;
  const labels = { matchLabels: spec.template.metadata?.labels ?? {} };
  const waits = pods.map((pod) => untilAvailable(pod, spec.minReadySeconds ?? 0, now));
  const conditions = nextConditions(status?.conditions ?? [], failure, now);
  return {
    status: {
      replicas: pods.length,
      fullyLabeledReplicas: pods.filter((pod) => matchesLabelSelector(labels, pod.metadata.labels)).length,
      readyReplicas: pods.filter(isReady).length,
      availableReplicas: waits.filter((wait) => wait === 0).length,
      terminatingReplicas: terminating,
      ...(metadata.generation === undefined ? {} : { observedGeneration: metadata.generation }),
      ...(conditions.length === 0 ? {} : { conditions: [...conditions] }),
    },
    recheckAfter: Math.min(Infinity, ...waits.filter((wait) => wait > 0)),
  };
}

function nextConditions(
  conditions: readonly ReplicaSetCondition[],
  failure: Observation["failure"],
  now: number,
): readonly ReplicaSetCondition[] {
  if (failure === undefined) return withoutCondition(conditions, "ReplicaFailure");
  // The first failure stays, so that the status is not written with every further one.
  if (findCondition(conditions, "ReplicaFailure") !== undefined) return conditions;
  return withCondition(conditions, {
    type: "ReplicaFailure",
    status: "True",
    reason: failure.reason,
    message: failure.message,
    lastTransitionTime: formatTime(now),
  });
}
