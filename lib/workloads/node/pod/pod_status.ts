import type { JSONObject } from "../../../k8s/contract.ts";
import type { ContainerState, Pod, PodCondition } from "../../kinds/mod.ts";
import { type ContainerRecord, containerStatus, formatSeconds } from "./container_record.ts";
import { qosClass } from "./qos_class.ts";

/** Address of the node and all its pods: they are processes that share the loopback interface. */
export const loopback = "127.0.0.1";

/** What a node knows of a pod. */
export interface PodFacts {
  readonly pod: Pod;
  readonly initContainers: readonly ContainerRecord[];
  readonly containers: readonly ContainerRecord[];
  /** When the node took the pod, in milliseconds since the epoch. */
  readonly startTime: number;
  /** Folder, volumes, token and ports are there. */
  readonly prepared: boolean;
  /** Nothing of the pod will run any more, whatever its restart policy says. */
  readonly over: boolean;
}

/** Phase of a pod (Kubernetes documentation, "Pod Lifecycle"). */
export type PodPhase = "Pending" | "Running" | "Succeeded" | "Failed";

/** The types of the conditions that a node writes. */
export const ownConditions = [
  "PodReadyToStartContainers",
  "Initialized",
  "Ready",
  "ContainersReady",
  "PodScheduled",
] as const;
type ConditionType = typeof ownConditions[number];

/** The phase that follows from the containers, as a kubelet finds it. */
export function podPhase({ pod, initContainers, containers, over }: PodFacts): PodPhase {
  if (pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed") return pod.status.phase;
  const { restartPolicy = "Always" } = pod.spec;
  const failedInit = initContainers.some((each) => isFailed(each.state));
  if (initContainers.some((each) => each.state.terminated?.exitCode !== 0)) {
    return failedInit && (restartPolicy === "Never" || over) ? "Failed" : "Pending";
  }
  if (containers.some((each) => each.state.running !== undefined)) {
    return containers.some((each) => isFresh(each)) ? "Pending" : "Running";
  }
  if (over) {
    // A container that was never started did not do what it should.
    return containers.every((each) => lastExit(each) === 0) ? "Succeeded" : "Failed";
  }
  if (containers.some((each) => isFresh(each))) return "Pending";
  if (restartPolicy === "Always") return "Running";
  if (containers.every((each) => each.state.terminated?.exitCode === 0)) return "Succeeded";
  return restartPolicy === "Never" && containers.every((each) => each.state.terminated !== undefined)
    ? "Failed"
    : "Running";
}

/**
 * The status as a kubelet writes it, as a strategic merge patch: conditions of other writers stay.
 * @param previous the conditions that were written last: a condition keeps its time while its status stays.
 * @param now milliseconds since the epoch.
 */
export function podStatus(facts: PodFacts, previous: readonly PodCondition[], now: number): JSONObject {
  const { pod, initContainers, containers, startTime } = facts;
  const phase = podPhase(facts);
  const generation = pod.metadata.generation;
  const observed = generation === undefined ? {} : { observedGeneration: generation };
  return {
    ...observed,
    phase,
    conditions: conditionsOf(facts, phase).map((condition) => {
      const before = previous.find((each) => each.type === condition.type);
      const { reason, message } = condition;
      return {
        ...observed,
        lastProbeTime: null,
        lastTransitionTime: before?.status === condition.status && before.lastTransitionTime !== undefined
          ? before.lastTransitionTime
          : formatSeconds(now),
        status: condition.status,
        type: condition.type,
        // Null removes what an earlier status of the condition had.
        reason: reason ?? null,
        message: message ?? null,
      };
    }),
    hostIP: loopback,
    hostIPs: [{ ip: loopback }],
    ...(facts.prepared ? { podIP: loopback, podIPs: [{ ip: loopback }] } : {}),
    startTime: formatSeconds(startTime),
    qosClass: qosClass(pod.spec),
    containerStatuses: containers.map((each) => jsonOf(each)),
    ...(initContainers.length === 0 ? {} : {
      // An init container is ready when it has done its work.
      initContainerStatuses: initContainers.map((each) =>
        jsonOf({ ...each, ready: each.state.terminated?.exitCode === 0 })
      ),
    }),
  };
}

interface Condition {
  readonly type: ConditionType;
  readonly status: "True" | "False";
  readonly reason?: string;
  readonly message?: string;
}

function conditionsOf(facts: PodFacts, phase: PodPhase): readonly Condition[] {
  const { initContainers, prepared, over } = facts;
  const uninitialized = initContainers.filter((each) => each.state.terminated?.exitCode !== 0);
  return [
    { type: "PodReadyToStartContainers", status: prepared && !over ? "True" : "False" },
    initialized(uninitialized, phase),
    ...readiness(facts, phase),
    { type: "PodScheduled", status: "True" },
  ];
}

function initialized(unfinished: readonly ContainerRecord[], phase: PodPhase): Condition {
  const type = "Initialized";
  if (phase === "Succeeded") return { type, status: "True", reason: "PodCompleted" };
  if (unfinished.length === 0) return { type, status: "True" };
  const message = `containers with incomplete status: [${namesOf(unfinished)}]`;
  return { type, status: "False", reason: "ContainersNotInitialized", message };
}

function readiness({ pod, containers }: PodFacts, phase: PodPhase): readonly Condition[] {
  const reason = phase === "Succeeded" ? "PodCompleted" : phase === "Failed" ? "PodFailed" : undefined;
  if (reason !== undefined) {
    return [{ type: "Ready", status: "False", reason }, { type: "ContainersReady", status: "False", reason }];
  }
  const unready = containers.filter((each) => !each.ready);
  if (unready.length > 0) {
    const cause = {
      status: "False",
      reason: "ContainersNotReady",
      message: `containers with unready status: [${namesOf(unready)}]`,
    } as const;
    return [{ type: "Ready", ...cause }, { type: "ContainersReady", ...cause }];
  }
  const closed = (pod.spec.readinessGates ?? []).filter(({ conditionType }) =>
    !pod.status?.conditions?.some((each) => each.type === conditionType && each.status === "True")
  );
  if (closed.length === 0) return [{ type: "Ready", status: "True" }, { type: "ContainersReady", status: "True" }];
  const message = closed.map(({ conditionType }) =>
    `corresponding condition of pod readiness gate "${conditionType}" ` +
    'does not have status "True".'
  ).join(", ");
  return [
    { type: "Ready", status: "False", reason: "ReadinessGatesNotReady", message },
    { type: "ContainersReady", status: "True" },
  ];
}

function namesOf(records: readonly ContainerRecord[]): string {
  return records.map((each) => each.name).join(" ");
}

function isFailed({ terminated }: ContainerState): boolean {
  return terminated !== undefined && terminated.exitCode !== 0;
}

/** It has not been started yet, not even once. */
function isFresh({ state, lastTerminated }: ContainerRecord): boolean {
  return state.waiting !== undefined && lastTerminated === undefined;
}

function lastExit({ state, lastTerminated }: ContainerRecord): number | undefined {
  return (state.terminated ?? lastTerminated)?.exitCode;
}

/** Statuses hold text, numbers and booleans only. */
function jsonOf(record: ContainerRecord): JSONObject {
  const { state, lastState, ...rest } = containerStatus(record);
  const { allocatedResources: _a, resources: _r, volumeMounts: _v, ...plain } = rest;
  return { ...plain, state: stateJson(state ?? {}), lastState: stateJson(lastState ?? {}) };
}

function stateJson({ waiting, running, terminated }: ContainerState): JSONObject {
  return {
    ...(waiting === undefined ? {} : { waiting: { ...waiting } }),
    ...(running === undefined ? {} : { running: { ...running } }),
    ...(terminated === undefined ? {} : { terminated: { ...terminated } }),
  };
}
