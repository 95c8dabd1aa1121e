import type { JSONObject } from "../../k8s/contract.ts";
import type { Draft } from "../../k8s/types.ts";
import type { Node } from "../kinds/mod.ts";
import { formatSeconds } from "./pod/container_record.ts";
import { loopback } from "./pod/pod_status.ts";

/** What a node says of itself. */
export interface NodeDescription {
  readonly name: string;
  /** Labels besides those that every node has. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Pods that the node takes at most. */
  readonly pods: number;
  readonly cpus: number;
  /** Bytes of memory. */
  readonly memory: number;
  /** In Go's words: "linux", "darwin". */
  readonly operatingSystem: string;
  /** In Go's words: "amd64", "arm64". */
  readonly architecture: string;
  /** Such as "deno://2.9.6". */
  readonly runtime: string;
  /** Port of the kubelet's server; undefined when there is none. */
  readonly kubeletPort?: number;
}

/** The Node to create. */
export function nodeDraft({ name, labels, operatingSystem, architecture }: NodeDescription): Draft<Node> {
  return {
    metadata: {
      name,
      labels: {
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": operatingSystem,
        "kubernetes.io/arch": architecture,
        ...labels,
      },
    },
    spec: {},
  };
}

/** Why a node is not ready, if it is not. */
export type NodeReadiness = "ready" | "stopping";

/**
 * The status of the Node, as a strategic merge patch: a condition keeps its time while its status stays.
 * @param now milliseconds since the epoch.
 */
export function nodeStatus(
  description: NodeDescription,
  readiness: NodeReadiness,
  node: Node | undefined,
  now: number,
): JSONObject {
  const { name, pods, cpus, memory, operatingSystem, architecture, runtime, kubeletPort } = description;
  const resources = { cpu: String(cpus), memory: `${Math.floor(memory / 1_024)}Ki`, pods: String(pods) };
  const condition = (type: string, status: "True" | "False", reason: string, message: string): JSONObject => {
    const before = node?.status?.conditions?.find((each) => each.type === type);
    return {
      type,
      status,
      reason,
      message,
      lastHeartbeatTime: formatSeconds(now),
      lastTransitionTime: before?.status === status && before.lastTransitionTime !== undefined
        ? before.lastTransitionTime
        : formatSeconds(now),
    };
  };
  return {
    capacity: resources,
    allocatable: resources,
    conditions: [
      condition("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
      condition("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
      condition("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
      readiness === "ready"
        ? condition("Ready", "True", "KubeletReady", "the node runs pods as local processes")
        : condition("Ready", "False", "NodeShutdown", "the node has stopped, and all its processes with it"),
    ],
    addresses: [{ type: "InternalIP", address: loopback }, { type: "Hostname", address: name }],
    ...(kubeletPort === undefined ? {} : { daemonEndpoints: { kubeletEndpoint: { Port: kubeletPort } } }),
    nodeInfo: {
      machineID: "",
      systemUUID: "",
      bootID: "",
      kernelVersion: "",
      osImage: "local processes",
      containerRuntimeVersion: runtime,
      kubeletVersion: "v1.36.0",
      kubeProxyVersion: "",
      operatingSystem,
      architecture,
    },
  };
}
