import { formatGroupResource, type GroupResource } from "../../k8s/api/resource.ts";
import {
  controlledResources,
  type ControllerRing,
  mainResources,
  type RingCondition,
  type Role,
} from "../../sharding/ring_types.ts";
import { isLive, type LeaseConflict, type RingView } from "../../sharding/ring_view.ts";
import type { ShardState } from "../../sharding/shard_state.ts";
import type { TroubleType } from "../troubles.ts";
import type { ShardedObject } from "./sharded_object.ts";

/** One shard of a report. */
export interface ShardReport {
  readonly name: string;
  /** Of its Lease; "" where there is none. */
  readonly namespace: string;
  /** What its Lease says; "no Lease" for a name that only labels of objects have, or whose Lease was deleted. */
  readonly state: ShardState | "no Lease";
  /** It may own objects. */
  readonly available: boolean;
  /** How many objects carry its label. */
  readonly objects: number;
  /** Those of them that it was asked to let go of. */
  readonly draining: number;
  /** Its objects of each resource, in the order of {@link RingReport.resources}. */
  readonly perResource: readonly number[];
}

/** One resource of a report. */
export interface ResourceReport {
  readonly resource: GroupResource;
  /** As "secrets" or "websites.webhosting.timebertt.dev". */
  readonly name: string;
  readonly role: Role;
  /** Objects that belong to a shard, whether or not they have one. */
  readonly objects: number;
  /** Those of them without a live owner: their label is missing, or names a shard that is not available. */
  readonly withoutOwner: number;
  /** Those of them whose shard was asked to let go. */
  readonly draining: number;
  /** Objects that belong to no shard, as they have no controller: they do not count above. */
  readonly outside: number;
}

/** A ring at one moment, for a person. */
export interface RingReport {
  readonly ring: string;
  /** Status of the condition Ready. */
  readonly ready: "True" | "False" | "Unknown";
  /** All conditions of the status. */
  readonly conditions: readonly RingCondition[];
  /** How many shards have a Lease, and how many of them are available: as this reader sees it, not from the status. */
  readonly total: number;
  readonly available: number;
  /** Sorted by name. */
  readonly shards: readonly ShardReport[];
  /** Each main resource in the order of the spec, then the controlled ones. */
  readonly resources: readonly ResourceReport[];
  /** Sums over the resources. */
  readonly objects: number;
  readonly withoutOwner: number;
  readonly draining: number;
  /** Names of Leases that no object can be labelled with. */
  readonly unusable: readonly string[];
  /** Leases of the same name in several namespaces. */
  readonly conflicts: readonly LeaseConflict[];
  /** Leases in namespaces where the ring's shards may not have theirs, as `namespace/name`. */
  readonly foreign: readonly string[];
}

/** What a report is made from. */
export interface RingReportInput {
  readonly ring: ControllerRing;
  readonly view: RingView;
  /** Objects of the ring's resources; those of namespaces that the ring does not select are not to be among them. */
  readonly objects: Iterable<ShardedObject>;
}

interface Tally {
  objects: number;
  withoutOwner: number;
  draining: number;
  outside: number;
}

interface ShardTally {
  readonly perResource: number[];
  draining: number;
}

/** Counts a ring's objects by shard and resource. Pure; goes over all objects once. */
export function ringReport({ ring, view, objects }: RingReportInput): RingReport {
  const tally = new RingTally(ring, view);
  for (const object of objects) tally.add(object);
  return tally.report();
}

/** One resource while its objects are counted. */
interface Counted {
  readonly resource: GroupResource;
  readonly role: Role;
  readonly name: string;
  readonly tally: Tally;
}

/** Counts a ring's objects one by one, for those who see them page by page: it keeps numbers, and no objects. */
export class RingTally {
  readonly #ring: ControllerRing;
  readonly #view: RingView;
  readonly #resources: readonly Counted[];
  /** Positions in `#resources` by name. */
  readonly #indices: ReadonlyMap<string, number>;
  readonly #shards = new Map<string, ShardTally>();

  constructor(ring: ControllerRing, view: RingView) {
    this.#ring = ring;
    this.#view = view;
    const main = mainResources(ring).map((resource) => ({ resource, role: "main" as const }));
    const controlled = controlledResources(ring).map((resource) => ({ resource, role: "controlled" as const }));
    this.#resources = [...main, ...controlled].map(({ resource, role }) => ({
      resource,
      role,
      name: formatGroupResource(resource),
      tally: { objects: 0, withoutOwner: 0, draining: 0, outside: 0 },
    }));
    this.#indices = new Map(this.#resources.map(({ name }, index) => [name, index]));
    for (const { name } of view.shards) this.#shard(name);
  }

  /** Counts one object; one of a resource that the ring does not have counts for nothing. */
  add(object: ShardedObject): void {
    const index = this.#indices.get(formatGroupResource(object.resource));
    const entry = index === undefined ? undefined : this.#resources[index];
    if (index === undefined || entry === undefined) return;
    count(entry.tally, object, this.#view);
    if (object.shard === "") return;
    const shard = this.#shard(object.shard);
    shard.perResource[index] = (shard.perResource[index] ?? 0) + 1;
    if (object.draining) shard.draining += 1;
  }

  /** What was counted so far. */
  report(): RingReport {
    const view = this.#view;
    const counted = this.#resources.map(({ tally, ...rest }): ResourceReport => ({ ...rest, ...tally }));
    return {
      ring: this.#ring.metadata.name,
      ...conditionsOf(this.#ring),
      total: view.total,
      available: view.available,
      shards: [...this.#shards].sort(([a], [b]) => a < b ? -1 : 1)
        .map(([name, tally]) => shardReport(name, tally, view)),
      resources: counted,
      objects: sum(counted.map((resource) => resource.objects)),
      withoutOwner: sum(counted.map((resource) => resource.withoutOwner)),
      draining: sum(counted.map((resource) => resource.draining)),
      unusable: view.unusable.map(({ name }) => name),
      conflicts: view.conflicts,
      foreign: view.foreign.map(({ namespace, name }) => `${namespace}/${name}`),
    };
  }

  #shard(name: string): ShardTally {
    const tally = this.#shards.get(name) ?? { perResource: this.#resources.map(() => 0), draining: 0 };
    this.#shards.set(name, tally);
    return tally;
  }
}

function count(tally: Tally, object: ShardedObject, view: RingView): void {
  // Somebody may have labelled an object that belongs to no shard: it is one shard's all the same.
  if (object.key === undefined && object.shard === "") {
    tally.outside += 1;
    return;
  }
  tally.objects += 1;
  if (object.draining && object.shard !== "") tally.draining += 1;
  if (object.shard === "" || !isLive(view.statusOf(object.shard))) tally.withoutOwner += 1;
}

function shardReport(name: string, { perResource, draining }: ShardTally, view: RingView): ShardReport {
  const shard = view.shard(name);
  return {
    name,
    namespace: shard?.namespace ?? "",
    state: shard === undefined || shard.ghost === true ? "no Lease" : shard.judgement.state,
    available: isLive(view.statusOf(name)),
    objects: sum(perResource),
    draining,
    perResource,
  };
}

function conditionsOf(ring: ControllerRing): Pick<RingReport, "ready" | "conditions"> {
  const conditions = ring.status?.conditions ?? [];
  const status = conditions.find(({ type }) => type === "Ready")?.status;
  return { ready: status === "True" || status === "False" ? status : "Unknown", conditions };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

/** What is wrong with the Leases of a ring's shards, one line each, unless a condition of the ring says so already. */
export function leaseTroubles({ conditions, conflicts, unusable, foreign }: RingReport): readonly string[] {
  const said: TroubleType = "ShardNamesUnusable";
  if (conditions.some(({ type, status }) => type === said && status === "True")) return [];
  return [
    ...conflicts.map(({ name, ignored }) => `the Lease ${name} exists in ${ignored.join(", ")} too: only one counts`),
    ...unusable.map((name) => `no object can be labelled with ${name}`),
    ...foreign.map((lease) => `the Lease ${lease} counts for nothing: the ring has no shards in its namespace`),
  ];
}
