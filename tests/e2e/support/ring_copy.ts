import assert from "node:assert/strict";
import { ownerConflicts } from "../../../commands/demo/story/one_owner.ts";
import { seconds, untilMet } from "../../../commands/demo/story/until_met.ts";
import { lookAtPlacement } from "../../../commands/demo/story/world.ts";
import { RingWatch } from "../../../commands/live_ring/ring_watch.ts";
import { Api } from "../../../lib/k8s/api/api.ts";
import { leases } from "../../../lib/k8s/kinds/coordination.ts";
import { secrets } from "../../../lib/k8s/kinds/core.ts";
import type { Lease, Secret } from "../../../lib/k8s/types.ts";
import type { ObjectMove, ShardedObject } from "../../../lib/rings/report/mod.ts";
import { leaseRingLabel, leaseStateLabel, shardLabel } from "../../../lib/sharding/names.ts";
import { type ControllerRing, controllerRings } from "../../../lib/sharding/ring_types.ts";
import { systemClock as clock } from "../../../lib/util/clock/mod.ts";
import { formatMicroTime } from "../../../lib/util/micro_time.ts";
import { systemRandom as random } from "../../../lib/util/random.ts";
import { type Deployment, deployments, type Pod, pods } from "../../../lib/workloads/kinds/mod.ts";
import type { System } from "./system.ts";

/** Name of the Deployment in each copy. */
export const deployment = "checksum-controller";

/**
 * How long things may take, in milliseconds. The reference gives its ring and Leases 10 s and its objects a minute; we
 * promise more (guarantee G2), with room for a machine that is busy with some dozens of processes.
 */
export const bounds = {
  /** Until pods run: no part of sharding. */
  pods: 30_000,
  /** Until ring and Leases show what is so. */
  seen: 10_000,
  /** Until all objects are where they belong. */
  settled: 10_000,
  /** Until an object has an owner, while a shard is available and a sharder leads. */
  owner: 2_000,
  /** Until the objects that a crashed leader left alone are with a shard again. */
  takenOver: 20_000,
} as const;

/** How much later than its time something may be seen, with all that it takes, in milliseconds. */
export const late = 3_000;

/** A copy of the example: a namespace, a ring of the same name, and its shards. All changes are written down. */
export class RingCopy implements AsyncDisposable {
  readonly name: string;
  readonly system: System;
  readonly watch: RingWatch;
  readonly rings: Api<ControllerRing>;
  readonly leases: Api<Lease>;
  readonly secrets: Api<Secret>;
  readonly deployments: Api<Deployment>;
  readonly pods: Api<Pod>;
  /** Names of the Secrets that were created. */
  readonly #created = new Set<string>();
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;

  private constructor(system: System, ring: ControllerRing) {
    const { client } = system;
    const namespace = ring.metadata.name;
    this.name = namespace;
    this.system = system;
    this.watch = new RingWatch({ ring, client, clock, random });
    this.rings = new Api(client, controllerRings);
    this.leases = new Api(client, leases, { namespace });
    this.secrets = new Api(client, secrets, { namespace });
    this.deployments = new Api(client, deployments, { namespace });
    this.pods = new Api(client, pods, { namespace });
    this.#running = this.watch.run(this.#stop.signal);
    this.#running.catch(() => undefined); // The end of this tells.
  }

  /** Follows a ring from now on. */
  static async follow(system: System, ring: ControllerRing): Promise<RingCopy> {
    const copy = new RingCopy(system, ring);
    await copy.watch.whenReady(copy.#stop.signal);
    return copy;
  }

  /** Waits until a check passes. @returns how many milliseconds that took. @throws UnmetError with what it said last */
  async expect(what: string, within: number, check: () => void | Promise<void>): Promise<number> {
    const look = async (): Promise<{ met: true; seen: string }> => {
      await check();
      return { met: true, seen: what };
    };
    const { took } = await untilMet(
      what,
      within,
      look,
      // Looks at each of some hundred changes would keep the API server busy; a quarter of a second does not matter.
      { clock, changed: () => new Promise(() => {}) },
      this.#stop.signal,
    );
    return took;
  }

  /**
   * Waits until ring and Leases say that so many shards are available.
   * @param gone shards that are none of them. @returns their names, sorted
   */
  async expectShards(available: number, within: number, gone: readonly string[] = []): Promise<readonly string[]> {
    let names: readonly string[] = [];
    await this.expect(`${available} available shards in ring ${this.name}`, within, async () => {
      const { status } = await this.rings.get(this.name);
      assert.equal(status?.conditions?.find(({ type }) => type === "Ready")?.status, "True");
      assert.equal(status?.availableShards, available);
      names = (await this.shardLeases()).filter(isReady).map(({ metadata }) => metadata.name).toSorted();
      assert.equal(names.length, available);
      assert.deepEqual(names.filter((name) => gone.includes(name)), [], "these are still there");
    });
    return names;
  }

  /** Waits until every Secret and its ConfigMap are where the hash ring of these shards puts them, and none moves. */
  async expectSettled(shards: readonly string[], within: number): Promise<number> {
    return await this.expect("all objects on their shards", within, () => {
      const { met, seen } = lookAtPlacement(this.objects, shards);
      assert.ok(met, seen);
      const names = new Set(this.objects.map(({ name }) => name));
      const missing = [...this.#created].flatMap((name) => [name, `checksums-${name}`]).filter((name) =>
        !names.has(name)
      );
      assert.deepEqual(missing, [], "these were not seen yet");
    });
  }

  /** The ring's objects that belong to a shard. */
  get objects(): readonly ShardedObject[] {
    return [...this.watch.objects.objects()].filter(({ key }) => key !== undefined);
  }

  /** The present shard of each Secret. */
  get placement(): ReadonlyMap<string, string> {
    return new Map(this.objects.filter(({ role }) => role === "main").map(({ name, shard }) => [name, shard]));
  }

  /** The Leases of the ring. */
  async shardLeases(): Promise<readonly Lease[]> {
    return (await this.leases.list({ labelSelector: `${leaseRingLabel}=${this.name}` })).items;
  }

  /** The state that the sharder sees a shard in. */
  async stateOf(shard: string): Promise<string | undefined> {
    return (await this.leases.find(shard))?.metadata.labels?.[leaseStateLabel];
  }

  /** Creates a Secret. @returns the shard that it got at admission; "" for none */
  async createSecret(name: string): Promise<string> {
    const created = await this.secrets.create({ metadata: { name }, data: { foo: btoa(name) } });
    this.#created.add(name);
    return created.metadata.labels?.[shardLabel(this.name)] ?? "";
  }

  /**
   * Creates Secrets until one has got its shard at admission: API servers learn of a new webhook some time after it was
   * configured. @returns the Secret's name
   */
  async firstSecret(prefix: string): Promise<string> {
    let [name, count] = ["", 0];
    await this.expect("a Secret that is assigned at admission", bounds.owner, async () => {
      name = `${prefix}-${count++}`;
      assert.notEqual(await this.createSecret(name), "", `${name} was not assigned`);
    });
    return name;
  }

  /** Creates Secrets, some at a time; each must get its shard at admission. */
  async createSecrets(prefix: string, count: number): Promise<void> {
    await this.firstSecret(`${prefix}-first`);
    const names = Array.from({ length: count - 1 }, (_, i) => `${prefix}-${i}`);
    const left = names.values();
    const work = async (): Promise<void> => {
      for (const name of left) assert.notEqual(await this.createSecret(name), "", `${name} was not assigned`);
    };
    await Promise.all(Array.from({ length: 8 }, work));
  }

  /** Writes a Lease such as a shard writes, as of now. */
  async createLease(name: string, leaseDurationSeconds: number): Promise<void> {
    const now = formatMicroTime(clock.now());
    await this.leases.create({
      metadata: { name, labels: { [leaseRingLabel]: this.name } },
      spec: { holderIdentity: name, leaseDurationSeconds, acquireTime: now, renewTime: now, leaseTransitions: 0 },
    });
  }

  /** `kubectl scale` of the Deployment. */
  async scale(replicas: number): Promise<void> {
    await this.system.kubectl("-n", this.name, "scale", "deployment", deployment, "--replicas", String(replicas));
  }

  /** `kubectl delete pod --force`: its processes are killed. */
  async kill(pod: string): Promise<void> {
    await this.system.kubectl("-n", this.name, "delete", "pod", pod, "--force", "--grace-period=0");
  }

  /** All moves so far, but not those that were there before this followed the ring. */
  get moves(): readonly ObjectMove[] {
    return this.watch.movesSince(0);
  }

  /** Checks the guarantees for all that was seen: one owner (G1), and none without one (G2). */
  checkHistory(): void {
    assert.deepEqual(ownerConflicts(this.moves, this.watch.leaseLog), [], "no object had two owners");
    const released = new Map<string, number>();
    for (const { kind, object, at } of this.moves.filter(({ object }) => object.role === "main")) {
      if (kind === "released") released.set(object.name, at);
      else if (kind === "assigned") {
        const lonely = at - (released.get(object.name) ?? at);
        assert.ok(lonely <= bounds.owner, `${object.name} had no shard for ${seconds(lonely)}`);
        released.delete(object.name);
      }
    }
    assert.deepEqual(new Set(this.objects.filter(({ shard }) => shard === "").map(({ name }) => name)), new Set());
  }

  /** Ends its shards, and follows it no more. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
    await this.deployments.delete(deployment, { propagationPolicy: "Background" });
  }
}

function isReady({ metadata, spec }: Lease): boolean {
  return metadata.labels?.[leaseStateLabel] === "ready" && spec?.holderIdentity === metadata.name;
}
