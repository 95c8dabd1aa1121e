import assert from "node:assert/strict";
import { ApiServer, type Intercept } from "../../../lib/apiserver/mod.ts";
import { Api } from "../../../lib/k8s/api/api.ts";
import { ConnectionError } from "../../../lib/k8s/errors.ts";
import { leases as leaseResource } from "../../../lib/k8s/kinds/coordination.ts";
import { namespaces as namespaceResource } from "../../../lib/k8s/kinds/core.ts";
import type { Lease } from "../../../lib/k8s/types.ts";
import { Rings } from "../../../lib/rings/mod.ts";
import { Informer } from "../../../lib/runtime/watch/mod.ts";
import { formatMicroTime } from "../../../lib/util/micro_time.ts";
import { leaseRingLabel, takeOverIdentity } from "../../../lib/sharding/names.ts";
import { controllerRings } from "../../../lib/sharding/ring_types.ts";
import { VirtualClock } from "../../../lib/util/clock/mod.ts";
import { seededRandom } from "../../../lib/util/random.ts";
import { leaseOf } from "../sharding/leases.ts";
import { servedRings } from "../../support/served_rings.ts";

/** Rings on real informers, an API server in memory, and a virtual clock. */
class Scene implements AsyncDisposable {
  readonly clock = new VirtualClock();
  readonly #server = new ApiServer({
    clock: this.clock,
    random: seededRandom(1),
    resources: [servedRings],
  });
  readonly #stop = new AbortController();
  readonly #runs: Promise<void>[];
  #cut = new AbortController();
  #online = true;
  readonly #user = this.#server.client();
  readonly leases = new Api(this.#user, leaseResource, { namespace: "default" });
  readonly controllerRings = new Api(this.#user, controllerRings);
  readonly namespaces = new Api(this.#user, namespaceResource);
  readonly leaseInformer: Informer<Lease>;
  readonly rings: Rings;

  constructor() {
    const { clock } = this;
    const client = this.#server.client({ intercept: this.#intercept });
    const options = { clock, random: seededRandom(2) };
    const leases = new Informer(new Api(client, leaseResource), { ...options, labelSelector: leaseRingLabel });
    const rings = new Informer(new Api(client, controllerRings), options);
    const namespaces = new Informer(new Api(client, namespaceResource).asMetadata(), options);
    const defaultNamespaceSelector = { matchLabels: { team: "a" } };
    this.leaseInformer = leases;
    this.rings = new Rings({ rings, leases, namespaces, clock, defaultNamespaceSelector });
    this.#runs = [rings, leases, namespaces, this.rings].map((part) => part.run(this.#stop.signal));
  }

  async createRing(name: string): Promise<void> {
    await this.controllerRings.create({
      metadata: { name },
      spec: { resources: [{ group: "", resource: "secrets" }] },
    });
    await this.clock.settle();
  }

  async createLease(name: string): Promise<void> {
    await this.leases.create(leaseOf(name, { renewTime: this.clock.now() }));
    await this.clock.settle();
  }

  /** Writes a Lease's spec as of now. */
  async write(name: string, holder = name, duration = 15): Promise<void> {
    const lease = await this.leases.get(name);
    const renewTime = formatMicroTime(this.clock.now());
    const spec = { ...lease.spec, holderIdentity: holder, leaseDurationSeconds: duration, renewTime };
    await this.leases.replace({ ...lease, spec });
    await this.clock.settle();
  }

  /** Lets time go by, in which these shards renew their Leases. */
  async pass(ms: number, ...shards: readonly string[]): Promise<void> {
    for (let passed = 0; passed < ms; passed += 1_000) {
      if (passed % 2_000 === 0) { for (const shard of shards) await this.write(shard); }
      await this.clock.advance(1_000);
    }
  }

  statuses(...names: readonly string[]): string[] {
    return names.map((name) => this.rings.get("ring")?.view.statusOf(name) ?? "no ring");
  }

  /** Cuts the sharder off from the server, or lets it in again. */
  setOnline(online: boolean): void {
    this.#online = online;
    if (!online) this.#cut.abort(new ConnectionError("the connection was cut"));
    else this.#cut = new AbortController();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#runs);
    this.#server.close();
    assert.equal(this.clock.pending, 0);
  }

  readonly #intercept: Intercept = (request, next) => {
    if (!this.#online) return Promise.reject(new ConnectionError("the server is out of reach"));
    const signals = [this.#cut.signal, ...request.abortSignal === undefined ? [] : [request.abortSignal]];
    return next({ ...request, abortSignal: AbortSignal.any(signals) });
  };
}

Deno.test("Rings on informers follow shards from their first renewal to their take-over and return", async () => {
  await using scene = new Scene();
  await scene.createRing("ring");
  await scene.rings.whenReady();
  await scene.createLease("a");
  await scene.createLease("b");
  assert.deepEqual(scene.statuses("a", "b"), ["ready", "ready"]);
  await scene.pass(16_000, "b");
  assert.deepEqual(scene.statuses("a", "b"), ["expired", "ready"]);
  await scene.pass(15_000, "b");
  assert.deepEqual(scene.statuses("a", "b"), ["uncertain", "ready"]);
  await scene.write("a", takeOverIdentity, 30);
  assert.deepEqual(scene.statuses("a", "b"), ["held", "ready"]);
  await scene.write("a", "", 1);
  assert.deepEqual(scene.statuses("a", "b"), ["dead", "ready"]);
  await scene.write("a");
  assert.deepEqual(scene.statuses("a", "b"), ["ready", "ready"]);
});

Deno.test("Rings on informers know Leases that were there before their ring, and no others", async () => {
  await using scene = new Scene();
  await scene.createLease("a");
  const other = leaseOf("kube-controller-manager", { renewTime: scene.clock.now() });
  await scene.leases.create({ ...other, metadata: { name: other.metadata.name } });
  await scene.rings.whenReady();
  assert.equal(scene.rings.get("ring"), undefined);
  await scene.createRing("ring");
  assert.deepEqual(scene.statuses("a"), ["ready"]);
  assert.equal(scene.leaseInformer.store.size, 1);
});

Deno.test("Rings on informers go on counting for a Lease that somebody deletes", async () => {
  await using scene = new Scene();
  await scene.createRing("ring");
  await scene.createLease("a");
  await scene.createLease("b");
  await scene.rings.whenReady();
  await scene.leases.delete("a");
  await scene.clock.settle();
  assert.deepEqual(scene.statuses("a"), ["expired"]);
  assert.equal(scene.rings.leaseOf("ring", "a")?.ghost, true);
  await scene.pass(31_000, "b");
  assert.deepEqual(scene.statuses("a", "b"), ["uncertain", "ready"]);
  await scene.createLease("a");
  assert.deepEqual(scene.statuses("a"), ["ready"]);
  assert.equal(scene.rings.leaseOf("ring", "a")?.ghost, false);
});

Deno.test("Rings on informers that lose their connection judge nobody until they have watched for a while", async () => {
  await using scene = new Scene();
  await scene.createRing("ring");
  await scene.createLease("a");
  await scene.createLease("b");
  await scene.rings.whenReady();
  await scene.pass(10_000, "a", "b");
  scene.setOnline(false);
  await scene.pass(90_000, "a"); // b dies meanwhile, unseen.
  assert.deepEqual(scene.statuses("a", "b"), ["expired", "expired"]);
  assert.deepEqual(scene.rings.get("ring")?.view.assignable.shards, ["a", "b"]);
  assert.equal(scene.rings.get("ring")?.mayJudgeUnknown, false);
  scene.setOnline(true);
  await scene.clock.advanceUntil(() => scene.leaseInformer.watchingSince !== undefined, 60_000);
  const back = scene.clock.monotonic();
  await scene.pass(2_000, "a");
  assert.deepEqual(scene.statuses("a", "b"), ["ready", "expired"]);
  await scene.pass(14_000 - (scene.clock.monotonic() - back), "a");
  assert.deepEqual(scene.statuses("a", "b"), ["ready", "expired"]);
  await scene.pass(3_000, "a");
  assert.deepEqual(scene.statuses("a", "b"), ["ready", "uncertain"]);
});

Deno.test("Rings on informers know which namespaces a ring selects", async () => {
  await using scene = new Scene();
  await scene.createRing("ring");
  await scene.rings.whenReady();
  assert.deepEqual(scene.rings.get("ring")?.scope, { selected: [], all: false });
  await scene.namespaces.patch("default", { type: "merge", patch: { metadata: { labels: { team: "a" } } } });
  await scene.clock.settle();
  assert.equal(scene.rings.get("ring")?.selects("default"), true);
  assert.equal(scene.rings.get("ring")?.selects("kube-system"), false);
  assert.deepEqual(scene.rings.get("ring")?.scope.selected, ["default"]);
});
