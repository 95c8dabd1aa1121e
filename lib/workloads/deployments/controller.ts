import { Api } from "../../k8s/api/api.ts";
import { matchesLabelSelector } from "../../k8s/selectors.ts";
import { controllerOf, keyOf, type ObjectKey } from "../../k8s/types.ts";
import { Controller, fromInformer, ownerKeys } from "../../runtime/controller/mod.ts";
import type { EventRecorder } from "../../runtime/events/mod.ts";
import type { Informer, InformerEvent, StoreReader } from "../../runtime/watch/mod.ts";
import { deployments, replicaSets } from "../kinds/apps.ts";
import type { Deployment, ReplicaSet } from "../kinds/apps.ts";
import type { Pod } from "../kinds/core.ts";
import { hasEnded } from "../objects/pod_state.ts";
import { OwnWrites } from "../objects/own_writes.ts";
import type { WorkloadContext } from "../workload_context.ts";
import { deploymentReconciler } from "./reconciler.ts";

/** What the controller follows. The informers of ReplicaSets and pods need the index of objects by controller. */
export interface DeploymentInformers {
  readonly deployments: Informer<Deployment>;
  readonly sets: Informer<ReplicaSet>;
  readonly pods: Informer<Pod>;
}

/** The controller of Deployments. */
export function deploymentController(
  context: WorkloadContext,
  informers: DeploymentInformers,
  recorder: Pick<EventRecorder, "record">,
): Controller {
  const { client, clock, random, fieldManager } = context;
  const { deployments: { store }, sets } = informers;
  const writes = new OwnWrites();
  return new Controller({
    name: "deployment",
    workers: 5,
    clock,
    random,
    sources: [
      fromInformer(informers.deployments, {
        name: "deployments",
        keys: ({ type, object }) => {
          if (type === "deleted") writes.forget(object.metadata.uid ?? "");
          return [keyOf(object)];
        },
      }),
      fromInformer(sets, { name: "replicasets", keys: (event) => concernedBySet(event, store) }),
      fromInformer(informers.pods, { name: "pods", keys: (event) => concernedByPod(event, sets.store) }),
    ],
    reconcile: deploymentReconciler({
      deployments: store,
      sets: sets.store,
      pods: informers.pods.store,
      deploymentApi: new Api(client, deployments, { fieldManager }),
      setApi: new Api(client, replicaSets, { fieldManager }),
      writes,
      recorder,
      clock,
    }),
  });
}

const controllers = ownerKeys({ group: "apps", kind: "Deployment" });

/** The Deployments that a ReplicaSet belongs to, belonged to, or may belong to since nobody controls it. */
function* concernedBySet(event: InformerEvent<ReplicaSet>, store: StoreReader<Deployment>): Generator<ObjectKey> {
  yield* controllers(event);
  const { metadata } = event.object;
  if (event.type === "deleted" || controllerOf(metadata) !== undefined) return;
  for (const deployment of store.list()) {
    const near = deployment.metadata.namespace === metadata.namespace;
    if (near && matchesLabelSelector(deployment.spec.selector, metadata.labels)) yield keyOf(deployment);
  }
}

/** The Deployment that may have waited for the end of this pod; a strategy of "Recreate" does. */
function* concernedByPod(event: InformerEvent<Pod>, sets: StoreReader<ReplicaSet>): Generator<ObjectKey> {
  const { object } = event;
  if (event.type !== "deleted" && !hasEnded(object)) return;
  const owner = controllerOf(object.metadata);
  const { namespace = "" } = object.metadata;
  const set = owner === undefined ? undefined : sets.get({ namespace, name: owner.name });
  if (set === undefined || set.metadata.uid !== owner?.uid) return;
  const deployment = controllerOf(set.metadata);
  if (deployment?.kind === "Deployment") yield { namespace, name: deployment.name };
}
