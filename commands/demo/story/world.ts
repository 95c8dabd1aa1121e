import { Api } from "../../../lib/k8s/api/api.ts";
import { pathOf } from "../../../lib/k8s/api/resource.ts";
import type { RestClient } from "../../../lib/k8s/contract.ts";
import { mutatingWebhookConfigurations } from "../../../lib/k8s/kinds/admissionregistration.ts";
import { leases } from "../../../lib/k8s/kinds/coordination.ts";
import { configMaps, secrets } from "../../../lib/k8s/kinds/core.ts";
import type { ConfigMap, Lease, MutatingWebhookConfiguration, Secret } from "../../../lib/k8s/types.ts";
import type { ObjectMove, ShardedObject } from "../../../lib/rings/report/mod.ts";
import { HashRing } from "../../../lib/sharding/hash_ring.ts";
import { type ControllerRing, controllerRings } from "../../../lib/sharding/ring_types.ts";
import { type Deployment, deployments, type Pod, pods } from "../../../lib/workloads/kinds/mod.ts";
import type { RingWatch } from "../../live_ring/ring_watch.ts";
import type { Look } from "./until_met.ts";

/** Where the example runs. */
export const place = {
  ring: "checksum-controller",
  deployment: "checksum-controller",
  namespace: "default",
} as const;

/** What a story looks at: what the watches show, and fresh reads of the rest. */
export class World {
  readonly watch: RingWatch;
  readonly client: RestClient;
  readonly secrets: Api<Secret>;
  readonly configMaps: Api<ConfigMap>;
  readonly leases: Api<Lease>;
  readonly deployments: Api<Deployment>;
  readonly pods: Api<Pod>;
  readonly rings: Api<ControllerRing>;
  readonly webhooks: Api<MutatingWebhookConfiguration>;

  constructor(client: RestClient, watch: RingWatch) {
    const { namespace } = place;
    this.client = client;
    this.watch = watch;
    this.secrets = new Api(client, secrets, { namespace });
    this.configMaps = new Api(client, configMaps, { namespace });
    this.leases = new Api(client, leases, { namespace });
    this.deployments = new Api(client, deployments, { namespace });
    this.pods = new Api(client, pods);
    this.rings = new Api(client, controllerRings);
    this.webhooks = new Api(client, mutatingWebhookConfigurations);
  }

  /** The ring's objects that belong to a shard. */
  get objects(): readonly ShardedObject[] {
    return [...this.watch.objects.objects()].filter(({ key }) => key !== undefined);
  }

  /** The present shard of each main object. */
  get placement(): ReadonlyMap<string, string> {
    return new Map(this.objects.filter(({ role }) => role === "main").map(({ name, shard }) => [name, shard]));
  }

  /** Names of the shards that are ready, sorted. */
  get readyShards(): readonly string[] {
    return this.watch.view.shards.filter(({ status }) => status === "ready").map(({ name }) => name);
  }

  /** Path of a collection in the example's namespace. */
  path(resource: { readonly group: string; readonly version: string; readonly plural: string }): string {
    return pathOf(resource, place.namespace);
  }
}

/** Are all objects, owners and their children, where the hash ring of these shards puts them, and nothing on the move? */
export function lookAtPlacement(objects: readonly ShardedObject[], shards: readonly string[]): Look {
  const ring = new HashRing(shards);
  const wrong = objects.filter(({ key, shard, draining }) => draining || shard !== ring.ownerOf(key ?? ""));
  const [first] = wrong;
  if (first === undefined) {
    return { met: true, seen: `all ${objects.length} objects are with the shard that the hash ring names` };
  }
  const where = first.draining ? "is draining" : first.shard === "" ? "has no shard" : `is with ${first.shard}`;
  return {
    met: false,
    seen: `${wrong.length} of ${objects.length} objects are not where they belong: ` +
      `${first.resource.resource}/${first.name} ${where}`,
  };
}

/** The main objects that the hash ring takes from one set of shards to another. */
export function expectedMovers(
  objects: readonly ShardedObject[],
  before: readonly string[],
  after: readonly string[],
): ReadonlySet<string> {
  const [old, fresh] = [new HashRing(before), new HashRing(after)];
  return new Set(
    objects.filter(({ role, key = "" }) => role === "main" && old.ownerOf(key) !== fresh.ownerOf(key))
      .map(({ name }) => name),
  );
}

/** Did exactly these main objects move, and each with or each without a drain? */
export function lookAtMovers(
  moves: readonly ObjectMove[],
  expected: ReadonlySet<string>,
  how: "drained" | "without drain",
): Look {
  const main = moves.filter(({ object }) => object.role === "main");
  const moved = new Set(
    main.filter(({ kind }) => kind === "moved" || kind === "released").map(({ object }) => object.name),
  );
  const asked = new Set(main.filter(({ kind }) => kind === "draining").map(({ object }) => object.name));
  const unasked = main.filter(({ kind, drained }) => (kind === "moved" || kind === "released") && !drained)
    .map(({ object }) => object.name);
  const surplus = [...moved].filter((name) => !expected.has(name));
  const missing = [...expected].filter((name) => !moved.has(name));
  const problems = [
    ...(surplus.length > 0 ? [`${surplus.join(", ")} moved, but need not`] : []),
    ...(missing.length > 0 ? [`${missing.join(", ")} did not move`] : []),
    ...(how === "without drain" && asked.size > 0 ? [`${[...asked].join(", ")} got a drain label`] : []),
    ...(how === "drained" && unasked.length > 0 ? [`${unasked.join(", ")} moved without a drain`] : []),
  ];
  if (problems.length > 0) return { met: false, seen: problems.join("; ") };
  const count = expected.size === 1 ? "1 Secret" : `${expected.size} Secrets`;
  return {
    met: true,
    seen: how === "drained"
      ? `exactly the ${count} that the hash ring gives to it moved, each after its drain label`
      : `exactly the ${count} of that shard moved, without a drain label`,
  };
}
