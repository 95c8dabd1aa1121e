import { formatGroupResource, type GroupResource } from "../k8s/api/resource.ts";
import { Discovery } from "../k8s/discovery.ts";
import { leases } from "../k8s/kinds/coordination.ts";
import { namespaces } from "../k8s/kinds/core.ts";
import { matchesLabelSelector } from "../k8s/selectors.ts";
import { controllerOf, formatKey, keyOf, type KubeObject, type Lease } from "../k8s/types.ts";
import { groupOf, mainKey } from "../sharding/hash_key.ts";
import { HashRing } from "../sharding/hash_ring.ts";
import { drainLabel, leaseRingLabel, shardLabel } from "../sharding/names.ts";
import {
  controlledResources,
  controllerRings,
  mainResources,
  namespaceSelectorOf,
  usualNamespaces,
} from "../sharding/ring_types.ts";
import { referenceTiming, shardState } from "../sharding/shard_state.ts";
import type { TestProcess } from "./process.ts";
import type { TestStage } from "./stage.ts";

/** An object that a ring shards, and its labels. */
export interface ShardedObject {
  readonly object: KubeObject;
  /** As people write it: `secrets default/foo`. */
  readonly description: string;
  readonly shard: string | undefined;
  readonly draining: boolean;
}

/** The objects in a ring's scope. */
export interface RingObjects {
  readonly mains: readonly ShardedObject[];
  readonly controlled: readonly ShardedObject[];
}

/** Which shards count. */
export interface RingShards {
  /** Those that objects may be on. */
  readonly live: readonly string[];
  /** Those that the test started, that run, and that do not hold their Lease (yet). */
  readonly missing: readonly string[];
}

/** What there is of a ring at a moment. It is looked at often, so it is only read again when something has changed. */
export class RingState {
  readonly #stage: TestStage;
  readonly #ring: string;
  readonly #started: ReadonlyMap<string, TestProcess>;
  readonly #discovery: Discovery;
  readonly #leases: () => Promise<readonly Lease[]>;
  readonly #objects: () => Promise<RingObjects>;
  #judged: { readonly key: string; readonly problems: readonly string[] } | undefined;

  /** @param started the shards that are processes of the test, by name; it may grow. */
  constructor(stage: TestStage, ring: string, started: ReadonlyMap<string, TestProcess>) {
    this.#stage = stage;
    this.#ring = ring;
    this.#started = started;
    this.#discovery = new Discovery(stage.client(), { clock: stage.clock });
    this.#leases = remembered(stage, async () => {
      const { items } = await stage.api(leases).list({ labelSelector: `${leaseRingLabel}=${ring}` });
      return items;
    });
    this.#objects = remembered(stage, () => this.#list());
  }

  /** The objects in the ring's scope. */
  objects(): Promise<RingObjects> {
    return this.#objects();
  }

  /** The shards, by their Leases at this moment and by what the test did to their processes. */
  async shards(): Promise<RingShards> {
    const { clock } = this.#stage;
    const now = { wall: clock.now(), monotonic: clock.monotonic() };
    const ready = (await this.#leases())
      .filter((lease) => shardState(lease, undefined, now, referenceTiming).state === "ready")
      .map(({ metadata }) => metadata.name);
    const running = [...this.#started.values()].filter(({ state }) => state === "running").map(({ name }) => name);
    return {
      live: ready.filter((name) => !this.#started.has(name) || running.includes(name)),
      missing: running.filter((name) => !ready.includes(name)),
    };
  }

  /** What is not where it belongs, one line each. */
  async problems(): Promise<readonly string[]> {
    const { live, missing } = await this.shards();
    if (missing.length > 0) return missing.map((shard) => `shard ${shard} has no valid Lease yet`);
    if (live.length === 0) return [`ring ${this.#ring} has no live shard`];
    const key = [this.#stage.server.revision, ...live].join(" ");
    if (this.#judged?.key !== key) this.#judged = { key, problems: misplaced(await this.objects(), live) };
    return this.#judged.problems;
  }

  async #list(): Promise<RingObjects> {
    const ring = await this.#stage.api(controllerRings).get(this.#ring);
    const selector = namespaceSelectorOf(ring, usualNamespaces);
    const { items } = await this.#stage.api(namespaces).list();
    const selected = items.filter(({ metadata }) => matchesLabelSelector(selector, metadata.labels));
    const scope = new Set(["", ...selected.map(({ metadata }) => metadata.name)]);
    return {
      mains: await this.#listAll(mainResources(ring), scope),
      controlled: await this.#listAll(controlledResources(ring), scope),
    };
  }

  async #listAll(resources: readonly GroupResource[], scope: ReadonlySet<string>): Promise<ShardedObject[]> {
    const [shard, drain] = [shardLabel(this.#ring), drainLabel(this.#ring)];
    const found: ShardedObject[] = [];
    for (const resource of resources) {
      const { items } = await this.#stage.api(await this.#discovery.resourceFor(resource)).list();
      for (const object of items) {
        const { labels = {}, namespace = "" } = object.metadata;
        const description = `${formatGroupResource(resource)} ${formatKey(keyOf(object))}`;
        if (!scope.has(namespace)) continue;
        found.push({ object, description, shard: labels[shard], draining: labels[drain] !== undefined });
      }
    }
    return found;
  }
}

/** The objects that are not on the shard to which they belong among these, or are about to leave it. */
function misplaced({ mains, controlled }: RingObjects, live: readonly string[]): string[] {
  const hashRing = new HashRing(live);
  const owners = new Map<string, string | undefined>();
  const problems: string[] = [];
  function judge({ description, shard, draining }: ShardedObject, owner: string | undefined): void {
    const place = shard === undefined ? "has no shard" : `is on ${shard}`;
    if (shard !== owner) problems.push(`${description} ${place} and belongs to ${owner ?? "none"}`);
    else if (draining) problems.push(`${description} is asked to leave ${shard}`);
  }
  for (const main of mains) {
    const { apiVersion, kind, metadata } = main.object;
    const key = mainKey({ group: groupOf(apiVersion) ?? "", kind }, metadata);
    owners.set(metadata.uid ?? "", main.shard);
    judge(main, key.type === "key" ? hashRing.ownerOf(key.key) : undefined);
  }
  for (const child of controlled) {
    const uid = controllerOf(child.object.metadata)?.uid;
    if (uid !== undefined && owners.has(uid)) judge(child, owners.get(uid));
  }
  return problems;
}

/** Reads again only when an object has changed. */
function remembered<T>({ server }: TestStage, read: () => Promise<T>): () => Promise<T> {
  let last: { readonly revision: number; readonly value: T } | undefined;
  return async () => {
    const { revision } = server;
    if (last?.revision !== revision) last = { revision, value: await read() };
    return last.value;
  };
}
