import { formatGroupResource } from "../../lib/k8s/api/resource.ts";
import type { RingReport } from "../../lib/rings/report/mod.ts";
import { leaseTroubles, RingTally } from "../../lib/rings/report/mod.ts";
import { brakesOf } from "../../lib/sharding/brakes.ts";
import { leaseStateLabel } from "../../lib/sharding/names.ts";
import type { ControllerRing } from "../../lib/sharding/ring_types.ts";
import { parseTime } from "../../lib/util/micro_time.ts";
import { objectsOf, type RingReading, sharded } from "./read_ring.ts";

/** Counts the objects of a ring by shard and resource, without keeping them. */
export async function countObjects(reading: RingReading, signal: AbortSignal): Promise<RingReport> {
  const tally = new RingTally(reading.ring, reading.view);
  for await (const { target, items } of objectsOf(reading, signal)) {
    for (const object of items) tally.add(sharded(reading, target, object));
  }
  return tally.report();
}

/** What keeps a ring from being healthy, one line each. A pause and a limit are somebody's wish, and no trouble. */
export function troublesOf(ring: ControllerRing, report: RingReport): readonly string[] {
  const conditions = report.conditions
    .filter(({ type, status }) => type === "Ready" ? status !== "True" : type !== "Paused" && status === "True")
    .map(({ type, message }) => `${type}: ${message}`);
  const { problem } = brakesOf(ring);
  return [
    ...report.conditions.some(({ type }) => type === "Ready") ? [] : ["no sharder has looked at the ring yet"],
    ...conditions,
    ...report.available === 0 ? ["no shard is available"] : [],
    ...report.withoutOwner > 0 ? [`objects without a live shard: ${report.withoutOwner}`] : [],
    // In the words of the view, so that it is not told twice.
    ...leaseTroubles(report),
    ...problem === undefined ? [] : [problem],
  ];
}

/** A ring as programs read it. Times are RFC 3339. */
export interface RingData {
  readonly ring: string;
  readonly healthy: boolean;
  readonly ready: RingReport["ready"];
  readonly paused: boolean;
  /** Absent without a limit of the ring's own. */
  readonly movesPerSecond?: number;
  readonly shardsTotal: number;
  readonly shardsAvailable: number;
  readonly objects: number;
  readonly withoutOwner: number;
  readonly pendingDrains: number;
  readonly shards: readonly ShardData[];
  readonly resources: readonly ResourceData[];
  readonly conditions: RingReport["conditions"];
  readonly troubles: readonly string[];
}

/** One shard of {@link RingData}. */
export interface ShardData {
  readonly name: string;
  readonly namespace: string;
  /** By the times in the Lease and this machine's clock. */
  readonly state: string;
  /** By the sharder; "" where it has not said. */
  readonly sharderState: string;
  readonly available: boolean;
  readonly lastRenewal: string;
  readonly objects: number;
  readonly pendingDrains: number;
  /** By resource. */
  readonly objectsOf: Readonly<Record<string, number>>;
}

/** One resource of {@link RingData}. */
export interface ResourceData {
  readonly resource: string;
  readonly role: string;
  readonly objects: number;
  readonly withoutOwner: number;
  readonly pendingDrains: number;
  /** Objects without a controller, which belong to no shard. */
  readonly outside: number;
}

/** A report in the form for programs. @param problems what could not be read */
export function ringData(reading: RingReading, report: RingReport): RingData {
  const { ring, leases, problems } = reading;
  const { paused, movesPerSecond } = brakesOf(ring);
  const troubles = [...troublesOf(ring, report), ...problems];
  return {
    ring: report.ring,
    healthy: troubles.length === 0,
    ready: report.ready,
    paused,
    ...(movesPerSecond === undefined ? {} : { movesPerSecond }),
    shardsTotal: report.total,
    shardsAvailable: report.available,
    objects: report.objects,
    withoutOwner: report.withoutOwner,
    pendingDrains: report.draining,
    shards: report.shards.map((shard): ShardData => {
      const { name, namespace, state, available, objects, draining, perResource } = shard;
      const lease = leases.find(({ metadata }) => metadata.name === name && metadata.namespace === namespace);
      const renewed = parseTime(lease?.spec?.renewTime);
      return {
        name,
        namespace,
        state,
        sharderState: lease?.metadata.labels?.[leaseStateLabel] ?? "",
        available,
        lastRenewal: renewed === undefined ? "" : new Date(renewed).toISOString(),
        objects,
        pendingDrains: draining,
        objectsOf: Object.fromEntries(report.resources.map(({ name }, i) => [name, perResource[i] ?? 0])),
      };
    }),
    resources: report.resources.map(({ resource, role, objects, withoutOwner, draining, outside }) => (
      { resource: formatGroupResource(resource), role, objects, withoutOwner, pendingDrains: draining, outside }
    )),
    conditions: report.conditions,
    troubles,
  };
}
