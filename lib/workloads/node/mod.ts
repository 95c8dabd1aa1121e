/**
 * A node that runs pods as processes of this machine, for clusters without containers: on the in-memory API server as
 * well as on a real control plane.
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
