import { Api } from "../../k8s/api/api.ts";
import { matchesLabelSelector } from "../../k8s/selectors.ts";
import { controllerOf, keyOf, type ObjectKey } from "../../k8s/types.ts";
import { Controller, fromInformer, ownerKeys } from "../../runtime/controller/mod.ts";
import type { EventRecorder } from "../../runtime/events/mod.ts";
import type { Informer, InformerEvent, StoreReader } from "../../runtime/watch/mod.ts";
import { pods } from "../kinds/core.ts";
import type { Pod } from "../kinds/core.ts";
import { replicaSets } from "../kinds/apps.ts";
import type { ReplicaSet } from "../kinds/apps.ts";
import { isSame } from "../objects/canonical_json.ts";
import type { WorkloadContext } from "../workload_context.ts";
import { Expectations } from "./expectations.ts";
import { replicaSetReconciler } from "./reconciler.ts";

/** What the controller follows. Both informers need the index of objects by controller. */
export interface ReplicaSetInformers {
  readonly sets: Informer<ReplicaSet>;
  readonly pods: Informer<Pod>;
}

/** The controller of ReplicaSets. */
export function replicaSetController(
  context: WorkloadContext,
  informers: ReplicaSetInformers,
  recorder: Pick<EventRecorder, "record">,
): Controller {
  const { client, clock, random } = context;
  const expectations = new Expectations();
  return new Controller({
    name: "replicaset",
    workers: 5,
    clock,
    random,
    sources: [
      fromInformer(informers.sets, {
        name: "replicasets",
        keys: (event) => {
          if (event.type === "deleted") expectations.forget(event.object.metadata.uid ?? "");
          return [keyOf(event.object)];
        },
      }),
      fromInformer(informers.pods, {
        name: "pods",
        keys: (event) => {
          if (event.type === "deleted") expectations.gone(event.object.metadata.uid ?? "");
          return concernedBy(event, informers.sets.store);
        },
      }),
    ],
    reconcile: replicaSetReconciler({
      sets: informers.sets.store,
      pods: informers.pods.store,
      setApi: new Api(client, replicaSets, { fieldManager: context.fieldManager }),
      podApi: new Api(client, pods, { fieldManager: context.fieldManager }),
      expectations,
      recorder,
      clock,
    }),
  });
}

const controllers = ownerKeys({ group: "apps", kind: "ReplicaSet" });

/** The ReplicaSets that a pod belongs to, belonged to, or may belong to since nobody controls it. */
function* concernedBy(event: InformerEvent<Pod>, sets: StoreReader<ReplicaSet>): Generator<ObjectKey> {
  yield* controllers(event);
  const { metadata } = event.object;
  if (event.type === "deleted" || controllerOf(metadata) !== undefined) return;
  if (event.type === "updated" && isSame(namesOf(event.previous), namesOf(event.object))) return;
  for (const set of sets.list()) {
    const near = set.metadata.namespace === metadata.namespace;
    if (near && matchesLabelSelector(set.spec.selector, metadata.labels)) yield keyOf(set);
  }
}

/** What decides which ReplicaSet takes a pod. */
function namesOf({ metadata }: Pod): unknown {
  return [metadata.labels ?? {}, metadata.ownerReferences ?? []];
}
