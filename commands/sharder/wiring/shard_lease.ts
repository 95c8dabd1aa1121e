import { carriesObjects } from "../../../controllers/sharder/carried_objects.ts";
import { shardLeaseReconciler } from "../../../controllers/shard_lease/reconciler.ts";
import { Api } from "../../../lib/k8s/api/api.ts";
import { leases } from "../../../lib/k8s/kinds/coordination.ts";
import { keyOf, type ObjectKey } from "../../../lib/k8s/types.ts";
import { Controller, fromInformer, fromIterable, labelsChanged } from "../../../lib/runtime/controller/mod.ts";
import type { BoundedQueue } from "../../../lib/util/bounded_queue.ts";
import { type ControllerParts, workers } from "./parts.ts";
import { ringChanges } from "./sources.ts";

/**
 * The controller of shards' Leases: their labels, take-overs and clean-up.
 * @param unjudged Leases of shards that have to be taken over before their objects may move
 */
export function shardLeaseController(parts: ControllerParts, unjudged: BoundedQueue<ObjectKey>): Controller {
  const { clock, random, connections: { leader, leaderLeases }, caches, rings, discovery, recorder, observers } = parts;
  return new Controller({
    clock,
    random,
    ...observers.controller,
    name: "shardlease",
    workers,
    reconcile: shardLeaseReconciler({
      rings,
      leases: new Api(leaderLeases, leases),
      carriesObjects: (snapshot, shard, signal) => carriesObjects(snapshot, shard, discovery, leader, signal),
      recorder,
      clock,
    }),
    sources: [
      ringChanges(rings, (ring) => rings.leasesOf(ring).map(({ lease }) => keyOf(lease))),
      fromInformer(caches.leases, {
        name: "labels of Leases",
        predicates: [(e) => e.type === "updated", labelsChanged],
      }),
      fromIterable("shards that have to be taken over", (signal) => {
        signal.addEventListener("abort", () => unjudged.close(), { once: true });
        return unjudged;
      }),
    ],
  });
}
