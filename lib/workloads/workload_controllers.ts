import { Api } from "../k8s/api/api.ts";
import type { Resource } from "../k8s/api/resource.ts";
import type { RestClient } from "../k8s/contract.ts";
import type { KubeObject } from "../k8s/types.ts";
import { EventRecorder } from "../runtime/events/mod.ts";
import type { Runnable } from "../runtime/runnable.ts";
import { Informer, type InformerOptions } from "../runtime/watch/mod.ts";
import type { Clock } from "../util/clock/mod.ts";
import type { Random } from "../util/random.ts";
import { deploymentController } from "./deployments/controller.ts";
import { deployments, replicaSets } from "./kinds/apps.ts";
import { pods } from "./kinds/core.ts";
import { controllerIndex } from "./objects/owners.ts";
import { replicaSetController } from "./replica_sets/controller.ts";
import type { WorkloadContext } from "./workload_context.ts";

/** What {@link workloadControllers} can run. */
export type WorkloadControllerName = "deployments" | "replica sets";

/** Settings of {@link workloadControllers}. */
export interface WorkloadControllersOptions {
  /** For reads and writes; watches use it too unless there is another one. */
  readonly client: RestClient;
  readonly clock: Clock;
  readonly random: Random;
  /** Which ones run. @default all of them */
  readonly controllers?: readonly WorkloadControllerName[];
}

/** The name under which the controllers write, as those of a real control plane. */
const fieldManager = "kube-controller-manager";

/**
 * The controllers that turn Deployments into ReplicaSets, and those into Pods. Start them in the given order, which a
 * Manager does. On a control plane with a kube-controller-manager they would be one too many.
 */
export function workloadControllers(options: WorkloadControllersOptions): readonly Runnable[] {
  const { client, clock, random, controllers = ["deployments", "replica sets"] } = options;
  const context: WorkloadContext = { client, clock, random, fieldManager };
  const runnables: Runnable[] = [];
  const recorder = (controller: string): EventRecorder => {
    const created = new EventRecorder({ client, reporter: { controller, instance: controller }, clock, random });
    runnables.push({ name: `events of ${controller}`, run: (signal, kill) => created.run(signal, kill) });
    return created;
  };
  const informer = <T extends KubeObject>(
    resource: Resource<T>,
    indices: NonNullable<InformerOptions<T>["indices"]> = {},
  ): Informer<T> => {
    const created = new Informer(new Api(client, resource), { clock, random, indices });
    runnables.push({ name: `informer of ${resource.plural}`, run: (signal) => created.run(signal) });
    return created;
  };
  const podInformer = informer(pods, controllerIndex);
  const setInformer = informer(replicaSets, controllerIndex);
  const informers = { deployments: informer(deployments), sets: setInformer, pods: podInformer };
  if (controllers.includes("replica sets")) {
    runnables.push(replicaSetController(context, informers, recorder("replicaset-controller")));
  }
  if (controllers.includes("deployments")) {
    runnables.push(deploymentController(context, informers, recorder("deployment-controller")));
  }
  return runnables;
}
