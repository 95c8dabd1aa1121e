import assert from "node:assert/strict";
import { RingFinalizer } from "../../../controllers/controller_ring/finalizer.ts";
import { type Fault, faults } from "../../../lib/apiserver/mod.ts";
import { Api } from "../../../lib/k8s/api/api.ts";
import { RingTroubles } from "../../../lib/rings/troubles.ts";
import { ringFinalizer } from "../../../lib/sharding/names.ts";
import { type ControllerRing, controllerRings } from "../../../lib/sharding/ring_types.ts";
import { getLogger } from "../../../lib/util/log.ts";
import { InMemoryStage } from "../../integration/stages/in_memory.ts";

const other = "example.com/other";
const { signal } = new AbortController();

/** A ring on an API server, and the sharder's connection, on which things can go wrong. */
class Scene implements AsyncDisposable {
  readonly stage: InMemoryStage;
  readonly rings: Api<ControllerRing>;
  readonly ours: Api<ControllerRing>;
  readonly troubles = new RingTroubles();
  fault: Fault = { type: "none" };
  writes = 0;

  constructor(stage: InMemoryStage) {
    this.stage = stage;
    this.rings = new Api(stage.server.client(), controllerRings);
    const intercept = faults(stage.clock, ({ method }) => {
      if (method !== "GET") this.writes++;
      return this.fault;
    });
    this.ours = new Api(stage.server.client({ intercept }), controllerRings);
  }

  static async begin(finalizers: readonly string[] = []): Promise<Scene> {
    const scene = new Scene(await InMemoryStage.start());
    await scene.rings.create({ metadata: { name: "ring", finalizers: [...finalizers] } });
    return scene;
  }

  finalizer(wanted = true): RingFinalizer {
    const { ours: ringApi, troubles, stage: { clock } } = this;
    return new RingFinalizer({ ringApi, wanted, troubles, clock, logger: getLogger("test") });
  }

  ring(): Promise<ControllerRing> {
    return this.rings.get("ring");
  }

  async finalizers(): Promise<readonly string[]> {
    return (await this.rings.find("ring"))?.metadata.finalizers ?? [];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stage[Symbol.asyncDispose]();
  }
}

Deno.test("a ring gets the finalizer beside those that it has, with one write", async () => {
  await using scene = await Scene.begin([other]);
  const finalizer = scene.finalizer();
  await finalizer.keep(await scene.ring(), signal);
  assert.deepEqual(await scene.finalizers(), [other, ringFinalizer]);
  assert.equal(await finalizer.keep(await scene.ring(), signal), Infinity);
  assert.equal(scene.writes, 1);
});

Deno.test("the finalizer is not written again before the first write can have been seen", async () => {
  await using scene = await Scene.begin();
  const finalizer = scene.finalizer();
  const older = await scene.ring();
  assert.equal(await finalizer.keep(older, signal), 1_000);
  await scene.stage.clock.advance(500);
  assert.equal(await finalizer.keep(older, signal), 500);
  assert.equal(scene.writes, 1);
});

Deno.test("finalizers that others write meanwhile are neither lost nor brought back", async () => {
  for (const [before, after] of [[[], [other]], [[other], []]]) {
    await using scene = await Scene.begin(before);
    const older = await scene.ring();
    await scene.rings.patch("ring", { type: "merge", patch: { metadata: { finalizers: after ?? [] } } });
    const finalizer = scene.finalizer();
    assert.equal(await finalizer.keep(older, signal), 1_000);
    assert.deepEqual(await scene.finalizers(), after);
    await scene.stage.clock.advance(1_000);
    await finalizer.keep(await scene.ring(), signal);
    assert.deepEqual(await scene.finalizers(), [...after ?? [], ringFinalizer]);
  }
});

Deno.test("a ring that is gone, or another of its name, is left alone", async () => {
  await using scene = await Scene.begin();
  const older = await scene.ring();
  await scene.rings.delete("ring");
  await scene.finalizer().keep(older, signal);
  await scene.rings.create({ metadata: { name: "ring" } });
  await scene.finalizer().keep(older, signal);
  assert.deepEqual(await scene.finalizers(), []);
});

Deno.test("without the setting a ring loses the finalizer, and keeps those of others", async () => {
  await using scene = await Scene.begin([ringFinalizer, other]);
  await scene.finalizer(false).keep(await scene.ring(), signal);
  assert.deepEqual(await scene.finalizers(), [other]);
});

Deno.test("a ring says when the sharder may not write the finalizer, which is tried again after 5 minutes", async () => {
  await using scene = await Scene.begin();
  const finalizer = scene.finalizer();
  scene.fault = { type: "status", code: 403, reason: "Forbidden" };
  assert.equal(await finalizer.keep(await scene.ring(), signal), 300_000);
  const [trouble] = scene.troubles.of("ring");
  assert.equal(trouble?.type, "PermissionsMissing");
  assert.match(trouble?.message ?? "", /may not patch controllerrings.*ringFinalizer/);
  scene.fault = { type: "none" };
  await scene.stage.clock.advance(200_000);
  await finalizer.keep(await scene.ring(), signal);
  assert.equal(scene.writes, 1);
  assert.equal(scene.troubles.of("ring").length, 1);
  await scene.stage.clock.advance(100_000);
  await finalizer.keep(await scene.ring(), signal);
  assert.deepEqual(scene.troubles.of("ring"), []);
  assert.deepEqual(await scene.finalizers(), [ringFinalizer]);
});

Deno.test("other failures are for the caller", async () => {
  await using scene = await Scene.begin();
  scene.fault = { type: "status", code: 500 };
  await assert.rejects(scene.finalizer().keep(await scene.ring(), signal), { name: "ApiError" });
});

Deno.test("a ring that is deleted goes when the finalizer is removed", async () => {
  await using scene = await Scene.begin([ringFinalizer]);
  await scene.rings.delete("ring");
  const finalizer = scene.finalizer();
  await finalizer.remove(await scene.ring(), signal);
  assert.equal(await scene.rings.find("ring"), undefined);
});

Deno.test("nothing is removed where others keep the ring", async () => {
  await using scene = await Scene.begin([other]);
  await scene.rings.delete("ring");
  assert.equal(await scene.finalizer().remove(await scene.ring(), signal), Infinity);
  assert.equal(scene.writes, 0);
});
