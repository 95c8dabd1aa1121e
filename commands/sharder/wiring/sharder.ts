import { LeavingGate } from "../../../controllers/sharder/leaving/gate.ts";
import { Sharder } from "../../../controllers/sharder/sharder.ts";
import { keyOf, type ObjectKey } from "../../../lib/k8s/types.ts";
import type { BoundedQueue } from "../../../lib/util/bounded_queue.ts";
import type { ControllerParts } from "./parts.ts";
import { telling } from "./reports.ts";

/**
 * The controller of objects: who owns which.
 * @param unjudged gets the Leases of shards that have to be taken over before their objects may move
 */
export function objectSharder(parts: ControllerParts, unjudged: BoundedQueue<ObjectKey>): Sharder {
  const { config, clock, random, connections, caches, rings, discovery, observers, measured, reports } = parts;
  const { sharder: { takeOverAfter: _, ringFinalizer, ...limits }, leases: { namespaces } } = config.controller;
  const settings = { ...limits, ...(namespaces === undefined ? {} : { leaseNamespaces: namespaces }) };
  const gate = new LeavingGate({ rings, configurations: caches.configurations, ringFinalizer, clock });
  const sharder = new Sharder({
    clock,
    random,
    ...observers.controller,
    moves: telling(reports.ringEvents, measured.moves.moves),
    rings,
    client: connections.leader,
    lookup: discovery,
    settings,
    holdBack: gate.pauseFor,
    troubles: reports.troubles,
    onWithoutShard: (ring, object) => reports.webhookHealth.missed(ring, object),
    onUnjudged: (ring, shard) => {
      const tracked = rings.leaseOf(ring, shard);
      if (tracked !== undefined) unjudged.push(keyOf(tracked.lease));
    },
  });
  measured.work(sharder);
  return sharder;
}
