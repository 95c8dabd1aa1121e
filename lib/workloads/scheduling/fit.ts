import type { Node, Pod, Taint, Toleration } from "../kinds/core.ts";

/** The taint that a cordoned node has in all but name. */
const cordon: Taint = { key: "node.kubernetes.io/unschedulable", effect: "NoSchedule" };

/** Why a node cannot take a pod, in the words of the scheduler; undefined when it can. */
export function misfit(pod: Pod, node: Node, podsOnNode: number): string | undefined {
  const { unschedulable, taints = [] } = node.spec ?? {};
  if (unschedulable === true && !isTolerated(cordon, pod)) return "node(s) were unschedulable";
  const taint = taints.find((each) => isForbidding(each) && !isTolerated(each, pod));
  if (taint !== undefined) {
    const value = taint.value === undefined || taint.value === "" ? "" : `: ${taint.value}`;
    return `node(s) had untolerated taint(s) {${taint.key}${value}}`;
  }
  // A control plane with a node controller marks such a node with a taint; the demo has none.
  if (!isNodeReady(node)) return "node(s) were not ready";
  const labels = node.metadata.labels ?? {};
  const selected = Object.entries(pod.spec.nodeSelector ?? {}).every(([key, value]) => labels[key] === value);
  if (!selected) return "node(s) didn't match Pod's node affinity/selector";
  const most = Number(node.status?.allocatable?.["pods"] ?? Infinity);
  return podsOnNode >= most ? "Too many pods" : undefined;
}

/** Says the node of itself that it can run pods? */
export function isNodeReady({ metadata, status }: Node): boolean {
  const ready = status?.conditions?.find(({ type }) => type === "Ready");
  return ready?.status === "True" && metadata.deletionTimestamp === undefined;
}

/** Does the taint keep pods away? One that only prefers so does not. */
function isForbidding({ effect }: Taint): boolean {
  return effect === "NoSchedule" || effect === "NoExecute";
}

function isTolerated(taint: Taint, { spec }: Pod): boolean {
  return (spec.tolerations ?? []).some((toleration) => tolerates(toleration, taint));
}

/** Kubernetes documentation, "Taints and Tolerations": an empty key with "Exists", and an empty effect, match all. */
function tolerates({ key = "", effect = "", operator = "Equal", value = "" }: Toleration, taint: Taint): boolean {
  if (effect !== "" && effect !== taint.effect) return false;
  if (key === "" ? operator !== "Exists" : key !== taint.key) return false;
  return operator === "Exists" || (operator === "Equal" && value === (taint.value ?? ""));
}
