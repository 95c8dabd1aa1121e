import assert from "node:assert/strict";
import { RingWatch } from "../../../commands/live_ring/ring_watch.ts";
import { ApiServer } from "../../../lib/apiserver/mod.ts";
import { Api } from "../../../lib/k8s/api/api.ts";
import { leases } from "../../../lib/k8s/kinds/coordination.ts";
import { secrets } from "../../../lib/k8s/kinds/core.ts";
import { events } from "../../../lib/k8s/kinds/events.ts";
import { controllerRings } from "../../../lib/sharding/ring_types.ts";
import { formatMicroTime } from "../../../lib/util/micro_time.ts";
import { VirtualClock } from "../../../lib/util/clock/mod.ts";
import { seededRandom } from "../../../lib/util/random.ts";
import { checksumRing, labels } from "../../lib/rings/report/objects.ts";
import { leaseOf } from "../../lib/sharding/leases.ts";
import { servedRings } from "../../support/served_rings.ts";

/** A watch of a ring with the shards "a" and "b" on an API server in memory. */
class Scene implements AsyncDisposable {
  readonly clock = new VirtualClock();
  readonly server = new ApiServer({
    clock: this.clock,
    random: seededRandom(1),
    resources: [servedRings],
  });
  readonly client = this.server.client();
  readonly leases = new Api(this.client, leases, { namespace: "default" });
  readonly secrets = new Api(this.client, secrets, { namespace: "default" });
  readonly watch = new RingWatch({
    ring: checksumRing,
    client: this.server.client(),
    clock: this.clock,
    random: seededRandom(2),
  });
  readonly #stop = new AbortController();
  #running: Promise<void> | undefined;

  async start(): Promise<void> {
    const { name } = checksumRing.metadata;
    await new Api(this.client, controllerRings).create({ metadata: { name }, spec: checksumRing.spec ?? {} });
    for (const shard of ["a", "b"]) await this.leases.create(leaseOf(shard, { renewTime: this.clock.now() }));
    this.#running = this.watch.run(this.#stop.signal);
    await this.clock.settle();
    await this.watch.whenReady(this.#stop.signal);
  }

  async renew(shard: string): Promise<void> {
    const patch = { spec: { renewTime: formatMicroTime(this.clock.now()) } };
    await this.leases.patch(shard, { type: "merge", patch });
    await this.clock.settle();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
    this.server.close();
  }
}

Deno.test("RingWatch shows the ring's shards and objects, and counts moves from a mark on", async () => {
  await using scene = new Scene();
  await scene.start();
  await scene.secrets.create({ metadata: { name: "one", labels: labels("a") } });
  await scene.clock.settle();
  const mark = scene.watch.moveMark;
  await scene.secrets.create({ metadata: { name: "two", labels: labels("b") } });
  await scene.clock.settle();
  assert.deepEqual(scene.watch.movesSince(mark).map(({ object }) => object.name), ["two"]);
  assert.equal(scene.watch.movesSince(0).length, 2);
  const { shards = [] } = scene.watch.report ?? {};
  assert.deepEqual(shards.map(({ name, state, objects }) => [name, state, objects]), [["a", "ready", 1], [
    "b",
    "ready",
    1,
  ]]);
});

Deno.test("RingWatch tells which shards are late, and who held their Leases", async () => {
  await using scene = new Scene();
  await scene.start();
  for (let passed = 0; passed < 16; passed += 4) {
    await scene.clock.advance(4_000);
    await scene.renew("b");
  }
  assert.deepEqual([...scene.watch.silences], [["a", 16_000]]);
  assert.equal(scene.watch.view.statusOf("a"), "expired");
  await scene.leases.patch("a", { type: "merge", patch: { spec: { holderIdentity: "" } } });
  await scene.clock.settle();
  assert.deepEqual(scene.watch.leaseLog.of("a").map(({ holder }) => holder), ["shard", "nobody"]);
});

Deno.test("RingWatch shows events, but not how each pod was started", async () => {
  await using scene = new Scene();
  await scene.start();
  const api = new Api(scene.client, events, { namespace: "default" });
  const record = async (reason: string, kind: string, type = "Normal"): Promise<void> => {
    await api.create({
      metadata: { name: `${kind}-${reason}`.toLowerCase() },
      eventTime: formatMicroTime(scene.clock.now()),
      reportingController: "test",
      reportingInstance: "test",
      action: "Test",
      reason,
      type,
      note: "it happened",
      regarding: { kind, name: "x", namespace: "default" },
    });
    await scene.clock.advance(1_000);
  };
  await record("ShardJoined", "ControllerRing");
  await record("Pulled", "Pod");
  await record("BackOff", "Pod", "Warning");
  await record("Unhealthy", "Pod", "Warning");
  await record("Killing", "Pod");
  assert.deepEqual(scene.watch.events.map(({ reason, type }) => `${type} ${reason}`), [
    "Normal ShardJoined",
    "Warning BackOff",
    "Normal Killing",
  ]);
  assert.equal(scene.watch.events[0]?.note, "controllerring/x: it happened");
});
