import type { LocalNode } from "../../../lib/workloads/node/local_node.ts";

/** Enough to see why a pod failed. */
const lines = 15;

/** The last lines of a container's log, asked of the node itself: no API server needs to know the way to it. */
export async function lastLines(node: LocalNode, namespace: string, pod: string, container: string): Promise<string> {
  const url = `http://node/containerLogs/${namespace}/${pod}/${container}?tailLines=${lines}`;
  const response = await node.handleKubelet(new Request(url));
  const text = await response.text();
  return response.ok ? text : "";
}
