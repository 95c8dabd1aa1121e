import assert from "node:assert/strict";
import { sleep } from "../../../lib/util/clock/mod.ts";
import { InMemoryStage } from "../../integration/stages/in_memory.ts";
import { World } from "../../integration/world.ts";

/** A world in which a sharder has watched Leases for long enough to judge everything, and shard-a is at work. */
async function inWorld(
  run: (world: World, stage: InMemoryStage) => Promise<void>,
  prepare: (world: World) => void = () => undefined,
): Promise<void> {
  await using stage = await InMemoryStage.start();
  await using world = new World(stage, "ring");
  await world.setUp();
  prepare(world);
  world.startSharder();
  world.startShard("shard-a");
  await world.isReady(1);
  await world.consistently("time passes", () => true, 40_000);
  await run(world, stage);
}

/** A Secret's name that belongs to one of these shards. */
function nameFor(world: World, shards: readonly string[], shard: string): string {
  for (let i = 0;; i++) if (world.ownerAmong(shards, `foo-${i}`) === shard) return `foo-${i}`;
}

Deno.test("an object of a shard that joined just now is not taken for one of a bogus shard", async () => {
  const gate = Promise.withResolvers<void>();
  await inWorld(async (world) => {
    await world.writeLease("shard-z", { duration: 15 });
    const name = nameFor(world, ["shard-a", "shard-z"], "shard-a");
    await world.createSecret(name, { [world.shardLabel]: "shard-z" });
    const labels = await world.labels(world.secrets);
    await world.consistently("it stays", async () => await world.shardOf(world.secrets, name) === "shard-z", 2_000);
    gate.resolve();
    await world.eventually("it is asked to let go", () => labels.of(name).some(({ draining }) => draining), 5_000);
    assert.ok(labels.of(name).every(({ shard }) => shard === "shard-z"));
    // A label that really names nobody is repaired at once.
    await world.createSecret("lost", { [world.shardLabel]: "shard-y" });
    await world.eventually(
      "it is repaired",
      async () => await world.shardOf(world.secrets, "lost") === world.ownerAmong(["shard-a", "shard-z"], "lost"),
      2_000,
    );
  }, (world) => {
    // The watch of Leases is behind.
    world.tamper = () => async (request, next) => {
      const answer = await next(request);
      if (!request.path.endsWith("/leases") || request.querystring?.get("watch") !== "true") return answer;
      assert.ok(answer instanceof ReadableStream);
      return answer.pipeThrough(
        new TransformStream({
          async transform(chunk, controller): Promise<void> {
            if (JSON.stringify(chunk).includes("shard-z")) await gate.promise;
            controller.enqueue(chunk);
          },
        }),
      );
    };
  });
});

for (const jump of [12_000, 60_000]) {
  Deno.test(`a leader that slept for ${jump / 1_000} s in the middle of a pass writes nothing when it wakes up`, async () => {
    await inWorld(async (world, stage) => {
      await world.writeLease("shard-x", { duration: 10 });
      await world.isReady(2);
      await world.createSecret("foo", { [world.shardLabel]: "shard-x" });
      let slept = 0;
      world.tamper = () => async (request, next) => {
        const answer = await next(request);
        const isPass = request.path.endsWith("/secrets") && request.querystring?.get("limit") === "500" &&
          request.querystring.get("labelSelector")?.includes("notin") === true;
        const holder = (await world.leases.find("shard-x"))?.spec?.holderIdentity;
        if (!isPass || slept > 0 || holder !== "shardlease-controller") return answer;
        await sleep(stage.clock, 100);
        // As on a machine that was suspended: no timer has fired yet.
        slept = world.mark;
        stage.clock.jump(jump);
        return answer;
      };
      await world.eventually("it has slept", () => slept > 0, 30_000);
      await stage.clock.settle();
      await world.consistently("nothing is written", () => true, 400);
      const writes = world.traffic.slice(slept).filter(({ method, path }) =>
        method !== "GET" && path.includes("/secrets/")
      );
      assert.deepEqual(writes, []);
    });
  });
}
