/**
 * A node that runs pods as processes of this machine, for clusters without containers: on the in-memory API server as
 * well as on a real control plane.
 *
 * What is different from a kubelet with containers:
 * - Pods share the machine's network, files and user. Each TCP port of a pod becomes a free port of the loopback
 *   interface, which the image's resolver has to hand to the process; mount paths in arguments and variables are replaced
 *   by folders. Requests, limits and security contexts have no effect.
 * - Volumes of other types than configMap, secret, emptyDir, downwardAPI and projected, probes and hooks by command or
 *   gRPC, sidecars, and hooks other than a preStop sleep are refused: the pod waits and says why.
 * - Content of volumes is read once. Only service-account tokens are renewed.
 * - SIGTERM goes to all processes of a container, not only to the first one.
 * - The kubelet's API is `/containerLogs`: no exec, attach, port-forward or metrics.
 * - A node that is killed itself (SIGKILL) cannot end its processes: whoever runs one may hold them on a leash.
 *
 * @module
 */
export { LocalNode, type LocalNodeOptions } from "./local_node.ts";
export { localMachine, type Machine } from "./machine.ts";
export type { ImageContext, Images, ResolvedImage } from "./pod/images.ts";
export type { ApiServerAddress } from "./pod/pod_kubeconfig.ts";
export type { Mount } from "./pod/relocate.ts";
export type { KubeletServer, KubeletServing, ServeKubelet } from "./kubelet/kubelet_server.ts";
export type { NodeFiles } from "./files.ts";
export type { CallProbe } from "./probes/watch_probe.ts";
export type { ProbeOutcome } from "./probes/probe_state.ts";
export type { ProbeTarget } from "./probes/probe_target.ts";
export {
  type ExitStatus,
  type OutputStream,
  type ProcessRunner,
  type ProcessSpec,
  type RunningProcess,
  StartError,
} from "./process/process_runner.ts";
export { type ServiceAddress, ServiceUnavailableError } from "../services/service_proxies.ts";
export type { ProxyOptions, ProxyServer, ServeProxy } from "../services/proxy_server.ts";
