import type { Frame, StackSample } from "./pprof.ts";

/** A node of V8's CPU profile: one function, called by what its parent stands for. */
export interface CpuNode {
  readonly id: number;
  readonly callFrame: Frame;
  readonly children?: readonly number[] | undefined;
}

/** A node of V8's heap profile. */
export interface HeapNode {
  readonly callFrame: Frame;
  /** Bytes that are in use and were allocated right here. */
  readonly selfSize: number;
  readonly children: readonly HeapNode[];
}

/** V8's names of what is no function of the program. */
const [root, idle] = ["(root)", "(idle)"];

/**
 * The stacks of a CPU profile with how often each was seen and its nanoseconds. Time in which the process had nothing
 * to do is left out, as in Go's profiles.
 * @param seen ids of the nodes that were seen, one after the other.
 * @param deltas microseconds before each of them.
 */
export function cpuSamples(
  nodes: readonly CpuNode[],
  seen: readonly number[],
  deltas: readonly number[],
): readonly StackSample[] {
  const totals = new Map<number, { count: number; nanoseconds: number }>();
  seen.forEach((id, index) => {
    const total = totals.get(id) ?? { count: 0, nanoseconds: 0 };
    total.count++;
    // What is seen lasts until the next look. V8's deltas may be a little below 0.
    total.nanoseconds += Math.max(deltas[index + 1] ?? 0, 0) * 1_000;
    totals.set(id, total);
  });
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const callers = new Map(nodes.flatMap((node) => (node.children ?? []).map((child) => [child, node.id] as const)));
  const samples: StackSample[] = [];
  for (const [id, { count, nanoseconds }] of totals) {
    const stack: Frame[] = [];
    for (let at: number | undefined = id; at !== undefined; at = callers.get(at)) {
      const frame = byId.get(at)?.callFrame;
      if (frame !== undefined && frame.functionName !== root) stack.push(frame);
    }
    if (stack.length > 0 && stack[0]?.functionName !== idle) samples.push({ stack, values: [count, nanoseconds] });
  }
  return samples;
}

/** The stacks of a heap profile with the bytes that are in use. */
export function heapSamples(head: HeapNode): readonly StackSample[] {
  const samples: StackSample[] = [];
  const open: { readonly node: HeapNode; readonly callers: readonly Frame[] }[] = [{ node: head, callers: [] }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { node, callers } = next;
    const stack = node.callFrame.functionName === root ? callers : [node.callFrame, ...callers];
    if (node.selfSize > 0 && stack.length > 0) samples.push({ stack, values: [node.selfSize] });
    for (const child of node.children) open.push({ node: child, callers: stack });
  }
  return samples;
}
