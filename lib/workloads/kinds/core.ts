import type {
  Node as NodeFields,
  NodeSpec,
  NodeStatus,
  Pod as PodFields,
  PodSpec,
  PodStatus,
  Service as ServiceFields,
  ServiceAccount as ServiceAccountFields,
  ServiceSpec,
} from "kubernetes-types/core/v1.d.ts";
import type { Resource } from "../../k8s/api/resource.ts";
import type { Stored } from "../../k8s/types.ts";
import { hasArrays, partOf } from "./shape.ts";

export type {
  Container,
  ContainerPort,
  ContainerState,
  ContainerStatus,
  EnvVar,
  NodeCondition,
  PodCondition,
  PodSpec,
  PodStatus,
  Probe,
  ServicePort,
  Taint,
  Toleration,
} from "kubernetes-types/core/v1.d.ts";

/** A Pod, in the form in which the API server has it: with a spec. */
export type Pod = Omit<Stored<PodFields>, "spec" | "status"> & {
  readonly spec: PodSpec;
  readonly status?: PodStatus;
};
/** A Node, in the form in which the API server has it. */
export type Node = Omit<Stored<NodeFields>, "spec" | "status"> & {
  readonly spec?: NodeSpec;
  readonly status?: NodeStatus;
};
/** A Service, in the form in which the API server has it: with a spec. */
export type Service = Omit<Stored<ServiceFields>, "spec"> & { readonly spec: ServiceSpec };
export type ServiceAccount = Stored<ServiceAccountFields>;

/** Pods. */
export const pods: Resource<Pod> = {
  group: "",
  version: "v1",
  plural: "pods",
  kind: "Pod",
  namespaced: true,
  is: (object): object is Pod => {
    const spec = partOf(object, "spec");
    const status = partOf(object, "status");
    return spec !== undefined && hasArrays(spec, "containers", "tolerations", "schedulingGates") &&
      (status === undefined || hasArrays(status, "conditions", "containerStatuses"));
  },
};

/** Nodes. */
export const nodes: Resource<Node> = {
  group: "",
  version: "v1",
  plural: "nodes",
  kind: "Node",
  namespaced: false,
  is: (object): object is Node =>
    hasArrays(partOf(object, "spec") ?? {}, "taints") &&
    hasArrays(partOf(object, "status") ?? {}, "conditions", "addresses"),
};

/** Services. */
export const services: Resource<Service> = {
  group: "",
  version: "v1",
  plural: "services",
  kind: "Service",
  namespaced: true,
  is: (object): object is Service => {
    const spec = partOf(object, "spec");
    return spec !== undefined && hasArrays(spec, "ports");
  },
};

/** ServiceAccounts. */
export const serviceAccounts: Resource<ServiceAccount> = {
  group: "",
  version: "v1",
  plural: "serviceaccounts",
  kind: "ServiceAccount",
  namespaced: true,
  is: (_object): _object is ServiceAccount => true,
};
