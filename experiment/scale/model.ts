import type { Coefficients } from "./coefficients.ts";
import type { Workload } from "./workload.ts";

/** One thing that a cluster of some size asks for. */
export interface Load {
  readonly name: string;
  readonly value: number;
  readonly unit: "cores" | "bytes" | "seconds" | "per second";
  /** Where the wall is; undefined for what only takes longer. */
  readonly limit?: number;
  /** What to do when the wall comes near. */
  readonly remedy: string;
}

/** JavaScript runs on one core of a process. */
const oneCore = 1;

/** Limits of memory: that of the sharder's Deployment as shipped, and what a pod of a controller is often given. */
const sharderLimit = 512 * 1024 ** 2;
const shardLimit = 1024 ** 3;

/** Renewals of a kubelet's Lease: every ten seconds. */
const nodeRenewals = 0.1;

/** Selector watches of the leader on each resource of a ring: objects without a live owner, and draining ones. */
const leaderWatches = 2;

/** Of the API server's processor time, what moves may take beside all else. */
const shareForMoves = 0.5;

/** Patches for each object of a family: a drained main object takes two, all others one. */
const patchesOfDrained = 2;

/** Seconds until a shard that proves its bound is taken over: its leaseDuration of 15 s and 2 s. */
const takeOver = 17;

/** What a workload asks of the sharder, the shards and the API server, in the order in which people meet it. */
export function loadsOf(workload: Workload, costs: Coefficients): readonly Load[] {
  const { shards, rings, replicas, namespaces, syncPeriod, apiServerCores } = workload;
  const { objects, changes, creates, leases } = rates(workload, costs);
  const audits = objects / syncPeriod;
  const created = creates * (1 + workload.children);
  const written = changes + leases + workload.nodes * nodeRenewals;
  const apiServer = created * costs.createCpu + written * costs.writeCpu + audits * costs.listedObjectCpu +
    comparisons(workload, costs) * costs.comparedCpu + (changes + created) * costs.sentCpu;
  // All replicas hear of Leases; the leader audits and moves, too.
  const answering = creates / replicas * costs.admissionCpu + leases * costs.leaseEventCpu;
  const shardObjects = shards === 0 ? 0 : objects / shards;
  return [
    {
      name: "sharder, replica: processor",
      value: answering,
      unit: "cores",
      limit: oneCore,
      remedy: "more replicas",
    },
    {
      name: "sharder, leader: processor",
      value: answering + audits * costs.auditedObjectCpu,
      unit: "cores",
      limit: oneCore,
      remedy: "a longer controller.sharder.syncPeriod",
    },
    {
      name: "sharder: memory",
      value: costs.sharderBytes + shards * costs.bytesPerShard + namespaces * costs.bytesPerNamespace +
        costs.busyBytes,
      unit: "bytes",
      limit: sharderLimit,
      remedy: "a higher memory limit",
    },
    {
      name: "audit of everything: duration",
      value: objects * (costs.auditedObjectCpu + costs.listedObjectCpu),
      unit: "seconds",
      limit: syncPeriod,
      remedy: "a longer controller.sharder.syncPeriod",
    },
    {
      name: "API server and etcd: processor",
      value: apiServer,
      unit: "cores",
      limit: apiServerCores,
      remedy: "larger API servers, fewer shards, or rings on clusters of their own",
    },
    {
      name: "of it comparing changes with the selectors of watches",
      value: comparisons(workload, costs) * costs.comparedCpu,
      unit: "cores",
      limit: apiServerCores,
      remedy: "fewer and larger shards; not the same resource in many rings",
    },
    {
      name: "shard: memory",
      value: costs.shardBytes + shardObjects * costs.bytesPerCachedObject,
      unit: "bytes",
      limit: shardLimit,
      remedy: "more shards",
    },
    {
      name: "shard joins: until its objects have moved",
      value: moving(objects / (shards + rings), patchesOfDrained, workload, costs, apiServer),
      unit: "seconds",
      remedy: "larger API servers, or the ring's limit of moves per second and patience",
    },
    {
      name: "shard crashes: until its objects have moved",
      value: takeOver + moving(shardObjects, 1, workload, costs, apiServer),
      unit: "seconds",
      remedy: "more and smaller shards",
    },
  ];
}

/** How much of its limit a load is; zero where there is none. */
export function shareOf({ value, limit }: Load): number {
  return limit === undefined ? 0 : value / limit;
}

/** The wall that a growing workload meets first. */
export interface Wall {
  readonly load: Load;
  /** How many times the objects, with their creation and changes. */
  readonly factor: number;
}

/** Which load reaches its limit first when a workload gets more and more objects and nothing else is changed. */
export function firstWall(workload: Workload, costs: Coefficients): Wall | undefined {
  const growing = (factor: number): readonly Load[] =>
    loadsOf({ ...workload, objects: workload.objects * factor, creates: workload.creates * factor }, costs);
  const worst = (factor: number): Load | undefined =>
    [...growing(factor)].sort((a, b) => shareOf(b) - shareOf(a)).find((load) => shareOf(load) >= 1);
  let [low, high] = [0, 1];
  while (worst(high) === undefined) {
    [low, high] = [high, high * 2];
    if (high > 1e9) return undefined;
  }
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (worst(middle) === undefined) low = middle;
    else high = middle;
  }
  const load = worst(high);
  return load && { load, factor: high };
}

interface Rates {
  /** Main and controlled objects. */
  readonly objects: number;
  /** Their changes per second. */
  readonly changes: number;
  /** Objects created per second, of which one in each family is admitted by the webhook. */
  readonly creates: number;
  /** Renewals of the shards' Leases per second. */
  readonly leases: number;
}

function rates(workload: Workload, costs: Coefficients): Rates {
  const objects = workload.objects * (1 + workload.children);
  return {
    objects,
    changes: objects * workload.changesPerHour / 3_600,
    creates: workload.creates,
    leases: workload.shards / costs.renewInterval,
  };
}

/** Comparisons of a change with the selector of a watch, per second. */
function comparisons(workload: Workload, costs: Coefficients): number {
  const { rings, shards, replicas, nodes, isSameResource, children } = workload;
  const { changes, creates, leases } = rates(workload, costs);
  const watchesOfRing = leaderWatches + shards / rings;
  const watches = isSameResource ? watchesOfRing * rings : watchesOfRing;
  const events = changes + creates * (1 + children);
  return events * watches + (leases + nodes * nodeRenewals) * replicas;
}

/** Seconds to move objects, main ones with `patches` patches each. */
function moving(
  objects: number,
  patches: number,
  { children, apiServerCores }: Workload,
  costs: Coefficients,
  busy: number,
): number {
  const all = objects * (patches + children) / (1 + children);
  const free = Math.max(apiServerCores - busy, 0) * shareForMoves;
  return all * Math.max(costs.moveCpu, free === 0 ? Infinity : costs.writeCpu / free);
}
