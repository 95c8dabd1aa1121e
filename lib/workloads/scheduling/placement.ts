import type { Node, Pod } from "../kinds/core.ts";
import { hasEnded } from "../objects/pod_state.ts";
import { misfit } from "./fit.ts";

/** Where a pod goes, or why it goes nowhere. */
export type Placement =
  | { readonly type: "node"; readonly node: string }
  | { readonly type: "nowhere"; readonly message: string };

/** Does this scheduler have to find a node for the pod? */
export function isWaiting(pod: Pod, schedulerName: string): boolean {
  const { spec, metadata } = pod;
  return (spec.nodeName ?? "") === "" && (spec.schedulerName ?? "default-scheduler") === schedulerName &&
    (spec.schedulingGates ?? []).length === 0 && metadata.deletionTimestamp === undefined && !hasEnded(pod);
}

/** How many pods each node runs, those among them that were assigned but not yet shown by the cache. */
export function countPods(pods: Iterable<Pod>, assumed: ReadonlyMap<string, string>): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const pod of pods) {
    if (hasEnded(pod)) continue;
    const { nodeName = "" } = pod.spec;
    const node = nodeName === "" ? assumed.get(pod.metadata.uid ?? "") ?? "" : nodeName;
    if (node !== "") counts.set(node, (counts.get(node) ?? 0) + 1);
  }
  return counts;
}

/** Of the nodes that can take the pod the one with the fewest pods. */
export function place(pod: Pod, nodes: readonly Node[], counts: ReadonlyMap<string, number>): Placement {
  const load = ({ metadata }: Node): number => counts.get(metadata.name) ?? 0;
  const reasons = new Map<string, number>();
  const fitting = nodes.filter((node) => {
    const reason = misfit(pod, node, load(node));
    if (reason !== undefined) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    return reason === undefined;
  });
  const [best] = fitting.toSorted((a, b) => load(a) - load(b) || (a.metadata.name < b.metadata.name ? -1 : 1));
  if (best !== undefined) return { type: "node", node: best.metadata.name };
  if (nodes.length === 0) return { type: "nowhere", message: "no nodes available to schedule pods" };
  const counted = [...reasons].map(([reason, count]) => `${count} ${reason}`).sort().join(", ");
  return { type: "nowhere", message: `0/${nodes.length} nodes are available: ${counted}.` };
}
