import { Api } from "../k8s/api/api.ts";
import type { Resource } from "../k8s/api/resource.ts";
import type { RestClient } from "../k8s/contract.ts";
import { configMaps, namespaces } from "../k8s/kinds/core.ts";
import type { KubeObject } from "../k8s/types.ts";
import { EventRecorder } from "../runtime/events/mod.ts";
import type { Runnable } from "../runtime/runnable.ts";
import { Informer, type InformerOptions } from "../runtime/watch/mod.ts";
import type { Clock } from "../util/clock/mod.ts";
import type { Random } from "../util/random.ts";
import { deploymentController } from "./deployments/controller.ts";
import { endpointController, ownSlices, sliceIndex } from "./endpoints/controller.ts";
import { deployments, replicaSets } from "./kinds/apps.ts";
import { nodes, pods, serviceAccounts, services } from "./kinds/core.ts";
import { endpointSlices } from "./kinds/discovery.ts";
import { controllerIndex } from "./objects/owners.ts";
import { replicaSetController } from "./replica_sets/controller.ts";
import { scheduler } from "./scheduling/scheduler.ts";
import {
  rootCertificateController,
  rootCertificateMaps,
  serviceAccountController,
} from "./service_accounts/controller.ts";
import type { WorkloadContext } from "./workload_context.ts";

/** What {@link workloadControllers} can run. */
export type WorkloadControllerName = "deployments" | "replica sets" | "scheduling" | "service accounts" | "endpoints";

/** Settings of {@link workloadControllers}. */
export interface WorkloadControllersOptions {
  readonly client: RestClient;
  readonly clock: Clock;
  readonly random: Random;
  /**
   * Which ones run. On a control plane with a kube-controller-manager only "scheduling" is missing.
   * @default all of them
   */
  readonly controllers?: readonly WorkloadControllerName[];
  /**
   * The certificate authority of the API server, PEM, that "service accounts" puts into each namespace.
   * @default none
   */
  readonly rootCertificate?: string;
}

const everyController: readonly WorkloadControllerName[] = [
  "deployments",
  "replica sets",
  "scheduling",
  "service accounts",
  "endpoints",
];

/** The name under which the controllers write, as those of a real control plane. */
const fieldManager = "kube-controller-manager";

/**
 * What kube-controller-manager and kube-scheduler do for workloads: Deployments become ReplicaSets, those become pods,
 * pods get a node, namespaces a ServiceAccount, services their EndpointSlices. Start the parts in the given order, as a
 * Manager does; nothing works before that.
 */
export function workloadControllers(options: WorkloadControllersOptions): readonly Runnable[] {
  const { client, clock, random, controllers = everyController, rootCertificate } = options;
  const context: WorkloadContext = { client, clock, random, fieldManager };
  const runnables: Runnable[] = [];
  function recorder(controller: string): EventRecorder {
    const created = new EventRecorder({ client, reporter: { controller, instance: controller }, clock, random });
    runnables.push({ name: `events of ${controller}`, run: (signal, kill) => created.run(signal, kill) });
    return created;
  }
  function informer<T extends KubeObject>(
    resource: Resource<T>,
    more: Pick<InformerOptions<T>, "indices" | "labelSelector" | "fieldSelector"> = {},
  ): () => Informer<T> {
    // Shared by all controllers that need it, and there only when one does.
    return once(() => {
      const created = new Informer(new Api(client, resource), { clock, random, ...more });
      runnables.push({ name: `informer of ${resource.plural}`, run: (signal) => created.run(signal) });
      return created;
    });
  }
  const podInformer = informer(pods, { indices: controllerIndex });
  const setInformer = informer(replicaSets, { indices: controllerIndex });
  const namespaceInformer = informer(namespaces);
  const add = {
    "deployments": (): void => {
      const informers = { deployments: informer(deployments)(), sets: setInformer(), pods: podInformer() };
      runnables.push(deploymentController(context, informers, recorder("deployment-controller")));
    },
    "replica sets": (): void => {
      const informers = { sets: setInformer(), pods: podInformer() };
      runnables.push(replicaSetController(context, informers, recorder("replicaset-controller")));
    },
    "scheduling": (): void => {
      const informers = { pods: podInformer(), nodes: informer(nodes)() };
      runnables.push(scheduler(context, informers, recorder("default-scheduler")));
    },
    "service accounts": (): void => {
      const informers = { namespaces: namespaceInformer(), accounts: informer(serviceAccounts)() };
      runnables.push(serviceAccountController(context, informers));
      if (rootCertificate === undefined) return;
      const maps = informer(configMaps, { fieldSelector: rootCertificateMaps })();
      runnables.push(rootCertificateController(context, { namespaces: namespaceInformer(), maps }, rootCertificate));
    },
    "endpoints": (): void => {
      const slices = informer(endpointSlices, { indices: sliceIndex, labelSelector: ownSlices })();
      runnables.push(endpointController(context, { services: informer(services)(), pods: podInformer(), slices }));
    },
  } satisfies Record<WorkloadControllerName, () => void>;
  for (const name of new Set(controllers)) add[name]();
  return runnables;
}

/** Calls `make` when it is first asked, and gives its result from then on. */
function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
