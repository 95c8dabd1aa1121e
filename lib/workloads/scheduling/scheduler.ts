import { Api } from "../../k8s/api/api.ts";
import { pathOf } from "../../k8s/api/resource.ts";
import type { RestClient } from "../../k8s/contract.ts";
import { isConflict, isNotFound } from "../../k8s/errors.ts";
import { formatKey, keyOf, type ObjectKey } from "../../k8s/types.ts";
import { Controller, fromInformer, type Reconcile, type ReconcileContext } from "../../runtime/controller/mod.ts";
import type { EventRecorder } from "../../runtime/events/mod.ts";
import type { Informer, StoreReader } from "../../runtime/watch/mod.ts";
import type { Clock } from "../../util/clock/mod.ts";
import { type Node, type Pod, type PodCondition, pods } from "../kinds/core.ts";
import { podCondition } from "../objects/pod_state.ts";
import { formatTime } from "../objects/times.ts";
import type { WorkloadContext } from "../workload_context.ts";
import { countPods, isWaiting, place } from "./placement.ts";

/** The scheduler that pods ask for unless they say otherwise. */
const schedulerName = "default-scheduler";

/** What the scheduler follows. */
export interface SchedulerInformers {
  readonly pods: Informer<Pod>;
  readonly nodes: Informer<Node>;
}

/**
 * Assigns each pod that has no node to a ready one that is not cordoned and whose taints it tolerates: the one with the
 * fewest pods. Resources are not counted, but for the number of pods that a node allows.
 */
export function scheduler(
  context: WorkloadContext,
  informers: SchedulerInformers,
  recorder: Pick<EventRecorder, "record">,
): Controller {
  const { client, clock, random } = context;
  const { pods: podInformer, nodes } = informers;
  return new Controller({
    name: "scheduler",
    clock,
    random,
    sources: [
      fromInformer(podInformer, { name: "pods", predicates: [({ object }) => isWaiting(object, schedulerName)] }),
      // A node that came or changed may take what waits.
      fromInformer(nodes, { name: "nodes", keys: () => waitingIn(podInformer.store) }),
    ],
    reconcile: schedulingReconciler({
      client,
      pods: podInformer.store,
      nodes: nodes.store,
      podApi: new Api(client, pods, { fieldManager: "kube-scheduler" }),
      recorder,
      clock,
    }),
  });
}

function* waitingIn(store: StoreReader<Pod>): Generator<ObjectKey> {
  for (const pod of store.list()) if (isWaiting(pod, schedulerName)) yield keyOf(pod);
}

/** What the reconciler works with. */
export interface SchedulingParts {
  readonly client: RestClient;
  readonly pods: Pick<StoreReader<Pod>, "get" | "list">;
  readonly nodes: Pick<StoreReader<Node>, "list">;
  readonly podApi: Api<Pod>;
  readonly recorder: Pick<EventRecorder, "record">;
  readonly clock: Clock;
}

/** Finds a node for one pod. It must not run for several pods at once: they would all take the same room. */
export function schedulingReconciler(parts: SchedulingParts): Reconcile {
  /** Nodes of pods, by uid, as long as the cache does not show them. */
  const assumed = new Map<string, string>();
  return async (key: ObjectKey, { signal }: ReconcileContext): Promise<void> => {
    const pod = parts.pods.get(key);
    if (pod === undefined || !isWaiting(pod, schedulerName) || assumed.has(pod.metadata.uid ?? "")) return;
    const waiting = new Set<string>();
    for (const each of parts.pods.list()) if (isWaiting(each, schedulerName)) waiting.add(each.metadata.uid ?? "");
    for (const uid of assumed.keys()) if (!waiting.has(uid)) assumed.delete(uid);
    const placement = place(pod, [...parts.nodes.list()], countPods(parts.pods.list(), assumed));
    if (placement.type === "nowhere") return await reportUnschedulable(parts, pod, placement.message, signal);
    if (!await bind(parts.client, pod, placement.node, signal)) return;
    assumed.set(pod.metadata.uid ?? "", placement.node);
    const message = `Successfully assigned ${formatKey(key)} to ${placement.node}`;
    parts.recorder.record(pod, { type: "Normal", reason: "Scheduled", message, action: "Binding" });
  };
}

/** Assigns the pod to the node. False when it is gone or somebody else did so before. */
async function bind(client: RestClient, { metadata }: Pod, node: string, signal: AbortSignal): Promise<boolean> {
  const { name, namespace = "", uid } = metadata;
  try {
    await client.performRequest({
      method: "POST",
      path: pathOf(pods, namespace, name, "binding"),
      bodyJson: {
        apiVersion: "v1",
        kind: "Binding",
        // The uid: not another pod that was made under the name meanwhile.
        metadata: { name, namespace, uid },
        target: { apiVersion: "v1", kind: "Node", name: node },
      },
      abortSignal: signal,
      expectJson: true,
    });
    return true;
  } catch (error) {
    if (isNotFound(error) || isConflict(error)) return false;
    throw error;
  }
}

async function reportUnschedulable(
  { podApi, recorder, clock }: SchedulingParts,
  pod: Pod,
  message: string,
  signal: AbortSignal,
): Promise<void> {
  recorder.record(pod, { type: "Warning", reason: "FailedScheduling", message, action: "Scheduling" });
  const current = podCondition(pod, "PodScheduled");
  const waits = current?.status === "False" && current.reason === "Unschedulable";
  if (waits && current.message === message) return;
  const condition: PodCondition = {
    type: "PodScheduled",
    status: "False",
    reason: "Unschedulable",
    message,
    lastTransitionTime: (waits ? current.lastTransitionTime : undefined) ?? formatTime(clock.now()),
  };
  const patch = { status: { conditions: [{ ...condition }] } };
  try {
    await podApi.inNamespace(pod.metadata.namespace).status
      .patch(pod.metadata.name, { type: "strategic", patch }, { signal });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}
