import type { ContainerStateTerminated } from "kubernetes-types/core/v1.d.ts";
import type { ContainerState, ContainerStatus } from "../../kinds/mod.ts";
import type { ExitStatus } from "../process/process_runner.ts";

/** What the node knows of one container: replaced as a whole when something changes. */
export interface ContainerRecord {
  readonly name: string;
  readonly image: string;
  readonly state: ContainerState;
  /** How the instance before ended. */
  readonly lastTerminated?: ContainerStateTerminated;
  readonly restartCount: number;
  /** Its readiness probe succeeds; without one, it runs. */
  readonly ready: boolean;
  /** Its startup probe has succeeded; without one, it runs. */
  readonly started: boolean;
  readonly containerID?: string;
}

/** A container that waits. */
export function waiting(record: ContainerRecord, reason: string, message?: string): ContainerRecord {
  const { containerID: _, ...rest } = record;
  const state = { waiting: { reason, ...(message === undefined ? {} : { message }) } };
  const { terminated } = record.state;
  return {
    ...rest,
    state,
    ...(terminated === undefined ? {} : { lastTerminated: terminated }),
    ready: false,
    started: false,
  };
}

/** A container whose process was started. */
export function running(record: ContainerRecord, containerID: string, now: number): ContainerRecord {
  const { terminated } = record.state;
  return {
    ...record,
    state: { running: { startedAt: formatSeconds(now) } },
    ...(terminated === undefined ? {} : { lastTerminated: terminated }),
    containerID,
    ready: false,
    started: false,
  };
}

/** A container whose process has ended. @param detail replaces the reason that the exit code gives. */
export function terminated(
  record: ContainerRecord,
  exit: ExitStatus,
  now: number,
  detail?: { readonly reason: string; readonly message: string },
): ContainerRecord {
  const { containerID } = record;
  const state: ContainerStateTerminated = {
    exitCode: exit.code,
    ...(exit.signal === undefined ? {} : { signal: exit.signal }),
    reason: exit.code === 0 ? "Completed" : "Error",
    ...detail,
    ...(record.state.running?.startedAt === undefined ? {} : { startedAt: record.state.running.startedAt }),
    finishedAt: formatSeconds(now),
    ...(containerID === undefined ? {} : { containerID }),
  };
  return { ...record, state: { terminated: state }, ready: false, started: false };
}

/**
 * What is left of a container whose process this node does not have any more, as after a restart of the machine. One
 * that ran counts as ended by that; one that had ended stays so.
 */
export function recovered(status: ContainerStatus, now: number): ContainerRecord {
  const { name, image, restartCount, lastState, containerID, state } = status;
  const base = {
    name,
    image,
    restartCount,
    ready: false,
    started: false,
    ...(lastState?.terminated === undefined ? {} : { lastTerminated: lastState.terminated }),
    ...(containerID === undefined ? {} : { containerID }),
  };
  if (state?.running === undefined) {
    return { ...base, state: state ?? { waiting: { reason: "ContainerCreating" } } };
  }
  const { startedAt } = state.running;
  const lost: ContainerStateTerminated = {
    exitCode: 255,
    reason: "Unknown",
    ...(startedAt === undefined ? {} : { startedAt }),
    finishedAt: formatSeconds(now),
    ...(containerID === undefined ? {} : { containerID }),
  };
  return { ...base, state: { terminated: lost } };
}

/** The record in the form of a pod's status. */
export function containerStatus(record: ContainerRecord): ContainerStatus {
  const { name, image, state, lastTerminated, restartCount, ready, started, containerID } = record;
  return {
    name,
    image,
    imageID: containerID === undefined ? "" : image,
    state,
    lastState: lastTerminated === undefined ? {} : { terminated: lastTerminated },
    restartCount,
    ready,
    started,
    ...(containerID === undefined ? {} : { containerID }),
  };
}

/** A time as Kubernetes' Time has it: RFC 3339 in UTC, whole seconds. @param ms milliseconds since the epoch */
export function formatSeconds(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
