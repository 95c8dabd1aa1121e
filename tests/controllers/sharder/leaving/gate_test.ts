import assert from "node:assert/strict";
import { LeavingGate } from "../../../../controllers/sharder/leaving/gate.ts";
import type { MutatingWebhookConfiguration } from "../../../../lib/k8s/types.ts";
import type { RingSnapshot } from "../../../../lib/rings/mod.ts";
import { labelledResourcesAnnotation, ringFinalizer } from "../../../../lib/sharding/names.ts";
import type { ControllerRing } from "../../../../lib/sharding/ring_types.ts";
import { VirtualClock } from "../../../../lib/util/clock/mod.ts";
import { InMemoryStage } from "../../../integration/stages/in_memory.ts";
import { World } from "../../../integration/world.ts";
import { ringOf } from "../../controller_ring/rings.ts";
import { snapshotOf } from "../snapshots.ts";

/** The gate of one ring. */
class Scene {
  readonly clock = new VirtualClock();
  ring: ControllerRing | undefined = ringOf();
  record: string | undefined;
  readonly #gate: LeavingGate;

  constructor(ringFinalizer = true) {
    this.#gate = new LeavingGate({
      rings: { get: () => this.#snapshot() },
      configurations: { get: () => this.#configuration() },
      ringFinalizer,
      clock: this.clock,
    });
  }

  get pause(): number {
    return this.#gate.pauseFor("ring");
  }

  change(fields: Partial<ControllerRing["metadata"]>): void {
    const ring = this.ring ?? ringOf();
    this.ring = { ...ring, metadata: { ...ring.metadata, ...fields } };
  }

  #snapshot(): RingSnapshot | undefined {
    return this.ring === undefined ? undefined : Object.assign(snapshotOf({}), { ring: this.ring });
  }

  #configuration(): MutatingWebhookConfiguration | undefined {
    if (this.record === undefined) return undefined;
    return {
      apiVersion: "admissionregistration.k8s.io/v1",
      kind: "MutatingWebhookConfiguration",
      metadata: { name: "controllerring-ring", annotations: { [labelledResourcesAnnotation]: this.record } },
    };
  }
}

const whole = '{"main":["secrets"],"controlled":["configmaps"]}';

Deno.test("labels wait for finalizer and record", () => {
  const scene = new Scene();
  assert.equal(scene.pause, 20);
  scene.change({ finalizers: [ringFinalizer] });
  assert.equal(scene.pause, 20);
  scene.record = '{"main":["secrets"],"controlled":[]}';
  assert.equal(scene.pause, 20);
  scene.record = whole;
  assert.equal(scene.pause, 0);
});

Deno.test("labels wait for no finalizer where rings get none", () => {
  const scene = new Scene(false);
  scene.record = whole;
  assert.equal(scene.pause, 0);
});

Deno.test("labels wait a second at most, and as long again for another spec", async () => {
  const scene = new Scene();
  assert.equal(scene.pause, 20);
  await scene.clock.advance(999);
  assert.equal(scene.pause, 20);
  await scene.clock.advance(1);
  assert.equal(scene.pause, 0);
  await scene.clock.advance(60_000);
  assert.equal(scene.pause, 0);
  scene.change({ generation: 4 });
  assert.equal(scene.pause, 20);
  await scene.clock.advance(1_000);
  assert.equal(scene.pause, 0);
});

Deno.test("nothing waits for a ring that is gone or going", () => {
  const scene = new Scene();
  scene.change({ deletionTimestamp: "2026-01-01T00:00:00Z" });
  assert.equal(scene.pause, 0);
  scene.ring = undefined;
  assert.equal(scene.pause, 0);
});

Deno.test("objects of a resource that a ring newly names get no label before it is recorded, and soon afterwards", async () => {
  await using stage = await InMemoryStage.start();
  await using world = new World(stage, "ring");
  await world.setUp(null);
  const [secrets, configMaps] = ["secrets", "configmaps"].map((resource) => ({ group: "", resource }));
  assert.ok(secrets !== undefined && configMaps !== undefined);
  await world.createRing(world.name, { ...world.spec(), resources: [secrets] });
  await world.configMaps.create({ metadata: { name: "foo" } });
  await world.startAll(["shard-a", "shard-b"]);
  await world.consistently("all is quiet", () => true, 15_000);
  const isRecord = ({ path, method }: { readonly path: string; readonly method: string }): boolean =>
    method === "PATCH" && path.includes("/mutatingwebhookconfigurations/");
  // The webhook would label what is written, but nobody writes.
  world.fault = (request) => isRecord(request) ? { type: "delay", ms: 400 } : { type: "none" };
  const [mark, begin] = [world.mark, stage.clock.monotonic()];
  await world.rings.patch(world.name, { type: "merge", patch: { spec: { resources: [secrets, configMaps] } } });
  await world.eventually("it is assigned", async () => await world.shardOf(world.configMaps, "foo") !== undefined);
  const writes = world.writes(mark);
  const label = writes.find(({ path }) => path.includes("/configmaps/"))?.at ?? NaN;
  const record = writes.filter(isRecord).at(-1)?.at ?? NaN;
  assert.ok(label >= record + 400, `labelled at ${label - begin}, recorded at ${record - begin}`);
  assert.ok(label - begin <= 1_200);
});
