import type { JSONObject, JSONValue } from "../../k8s/contract.ts";
import { getField, objectAt, objectsAt, stringAt } from "../json.ts";
import { ageOf, ageSince } from "./age.ts";
import { ageColumn, column, nameColumn, type Printer, wideColumn } from "./column.ts";
import { none, numberAt, orNone } from "./cells.ts";

/** Pods. */
export const podPrinter: Printer = {
  columns: [
    nameColumn,
    column("Ready", "Containers that are ready, of all"),
    column("Status", "What the containers of the pod are doing, in one word"),
    column("Restarts", "How often containers were restarted, and when last"),
    ageColumn,
    wideColumn("IP", "Address of the pod"),
    wideColumn("Node", "Node that the pod runs on"),
    wideColumn("Nominated Node", "Node that other pods make room on for this one"),
    wideColumn("Readiness Gates", "Conditions of readiness that hold, of all"),
  ],
  cells: podCells,
};

function podCells(pod: JSONObject, now: number): readonly JSONValue[] {
  const spec = objectAt(pod, "spec");
  const status = objectAt(pod, "status");
  const sidecars = new Set(
    objectsAt(spec, "initContainers").filter((each) => each["restartPolicy"] === "Always")
      .map((each) => stringAt(each, "name")),
  );
  const containers = objectsAt(status, "containerStatuses");
  const sidecarStatuses = objectsAt(status, "initContainerStatuses").filter((each) =>
    sidecars.has(stringAt(each, "name"))
  );
  const init = initReason(pod, sidecars);
  const counted = init === undefined ? [...containers, ...sidecarStatuses] : objectsAt(status, "initContainerStatuses");
  const ready = [...containers, ...sidecarStatuses].filter((each) => each["ready"] === true).length;
  const total = objectsAt(spec, "containers").length + sidecars.size;
  const addresses = objectsAt(status, "podIPs");
  return [
    stringAt(objectAt(pod, "metadata"), "name"),
    `${ready}/${total}`,
    terminating(pod) ?? init ?? runningReason(status),
    restarts(counted, now),
    ageOf(pod, now),
    orNone(stringAt(addresses[0] ?? {}, "ip") || stringAt(status, "podIP")),
    orNone(stringAt(spec, "nodeName")),
    orNone(stringAt(status, "nominatedNodeName")),
    gates(spec, status),
  ];
}

function terminating(pod: JSONObject): string | undefined {
  if (objectAt(pod, "metadata")["deletionTimestamp"] === undefined) return undefined;
  const status = objectAt(pod, "status");
  if (stringAt(status, "reason") === "NodeLost") return "Unknown";
  const phase = stringAt(status, "phase");
  return phase === "Succeeded" || phase === "Failed" ? undefined : "Terminating";
}

/** Why the pod is still initializing; undefined when it is not. */
function initReason(pod: JSONObject, sidecars: ReadonlySet<string>): string | undefined {
  const all = objectsAt(objectAt(pod, "spec"), "initContainers").length;
  const statuses = objectsAt(objectAt(pod, "status"), "initContainerStatuses");
  for (const [index, each] of statuses.entries()) {
    const state = objectAt(each, "state");
    const ended = getField(state, "terminated") === undefined ? undefined : objectAt(state, "terminated");
    if (ended?.["exitCode"] === 0) continue;
    if (sidecars.has(stringAt(each, "name")) && each["started"] === true) continue;
    if (ended !== undefined) return `Init:${stringAt(ended, "reason") || exitOf(ended)}`;
    const waiting = stringAt(objectAt(state, "waiting"), "reason");
    return waiting === "" || waiting === "PodInitializing" ? `Init:${index}/${all}` : `Init:${waiting}`;
  }
  return undefined;
}

function runningReason(status: JSONObject): string {
  const gated = objectsAt(status, "conditions").some((each) =>
    each["type"] === "PodScheduled" && each["reason"] === "SchedulingGated"
  );
  let reason = gated ? "SchedulingGated" : stringAt(status, "reason") || stringAt(status, "phase");
  let running = false;
  // The first container has the last word.
  for (const each of objectsAt(status, "containerStatuses").toReversed()) {
    const state = objectAt(each, "state");
    const waiting = stringAt(objectAt(state, "waiting"), "reason");
    if (waiting !== "") reason = waiting;
    else if (getField(state, "terminated") !== undefined) {
      const ended = objectAt(state, "terminated");
      reason = stringAt(ended, "reason") || exitOf(ended);
    } else if (each["ready"] === true && getField(state, "running") !== undefined) running = true;
  }
  if (reason !== "Completed" || !running) return reason;
  const ready = objectsAt(status, "conditions").some((each) => each["type"] === "Ready" && each["status"] === "True");
  return ready ? "Running" : "NotReady";
}

function exitOf(terminated: JSONObject): string {
  const signal = numberAt(terminated, "signal");
  return signal === 0 ? `ExitCode:${numberAt(terminated, "exitCode")}` : `Signal:${signal}`;
}

function restarts(statuses: readonly JSONObject[], now: number): string {
  const count = statuses.reduce((sum, each) => sum + numberAt(each, "restartCount"), 0);
  const times = statuses.map((each) => stringAt(objectAt(objectAt(each, "lastState"), "terminated"), "finishedAt"))
    .filter((time) => time !== "").sort();
  const last = times.at(-1);
  return count === 0 || last === undefined ? String(count) : `${count} (${ageSince(last, now)} ago)`;
}

function gates(spec: JSONObject, status: JSONObject): string {
  const wanted = objectsAt(spec, "readinessGates").map((each) => stringAt(each, "conditionType"));
  if (wanted.length === 0) return none;
  const conditions = objectsAt(status, "conditions");
  const held = wanted.filter((type) => conditions.some((each) => each["type"] === type && each["status"] === "True"));
  return `${held.length}/${wanted.length}`;
}
