import type {
  Deployment as DeploymentFields,
  DeploymentCondition,
  DeploymentSpec,
  DeploymentStatus as DeploymentStatusFields,
  ReplicaSet as ReplicaSetFields,
  ReplicaSetCondition,
  ReplicaSetSpec,
  ReplicaSetStatus as ReplicaSetStatusFields,
} from "kubernetes-types/apps/v1.d.ts";
import type { PodTemplateSpec } from "kubernetes-types/core/v1.d.ts";
import type { Resource } from "../../k8s/api/resource.ts";
import type { KubeObject, Stored } from "../../k8s/types.ts";
import { hasArrays, hasObjects, partOf } from "./shape.ts";

export type { DeploymentCondition, DeploymentSpec, PodTemplateSpec, ReplicaSetCondition };

/** Status of a ReplicaSet; the package lacks the number of pods that are being deleted (KEP-3973). */
export type ReplicaSetStatus = ReplicaSetStatusFields & { readonly terminatingReplicas?: number };
/** A ReplicaSet of `apps/v1`, in the form in which the API server has it: with spec and template. */
export type ReplicaSet = Omit<Stored<ReplicaSetFields>, "spec" | "status"> & {
  readonly spec: ReplicaSetSpec & { readonly template: PodTemplateSpec };
  readonly status?: ReplicaSetStatus;
};

/** Status of a Deployment; the package lacks the number of pods that are being deleted (KEP-3973). */
export type DeploymentStatus = DeploymentStatusFields & { readonly terminatingReplicas?: number };
/** A Deployment of `apps/v1`, in the form in which the API server has it: with a spec. */
export type Deployment = Omit<Stored<DeploymentFields>, "spec" | "status"> & {
  readonly spec: DeploymentSpec;
  readonly status?: DeploymentStatus;
};

/** ReplicaSets of `apps/v1`. */
export const replicaSets: Resource<ReplicaSet> = {
  group: "apps",
  version: "v1",
  plural: "replicasets",
  kind: "ReplicaSet",
  namespaced: true,
  is: (object): object is ReplicaSet => isWorkload(object),
};

/** Deployments of `apps/v1`. */
export const deployments: Resource<Deployment> = {
  group: "apps",
  version: "v1",
  plural: "deployments",
  kind: "Deployment",
  namespaced: true,
  is: (object): object is Deployment => isWorkload(object),
};

function isWorkload(object: KubeObject): boolean {
  const spec = partOf(object, "spec");
  const status = partOf(object, "status");
  return spec !== undefined && hasObjects(spec, "selector", "template") &&
    (status === undefined || hasArrays(status, "conditions"));
}
