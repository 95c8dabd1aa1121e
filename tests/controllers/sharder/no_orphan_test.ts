import assert from "node:assert/strict";
import { InMemoryStage } from "../../integration/stages/in_memory.ts";
import { World } from "../../integration/world.ts";

async function inWorld(run: (world: World, stage: InMemoryStage) => Promise<void>): Promise<void> {
  await using stage = await InMemoryStage.start();
  await using world = new World(stage, "ring");
  await run(world, stage);
}

Deno.test("what came while a watch could not begin is found when it has begun", async () => {
  await inWorld(async (world) => {
    await world.setUp();
    let broken = true;
    world.fault = ({ path, querystring }) =>
      broken && path.endsWith("/secrets") && querystring?.get("watch") === "true" &&
        querystring.get("labelSelector")?.includes("notin") === true
        ? { type: "status", code: 500, reason: "InternalError" }
        : { type: "none" };
    await world.startAll(["shard-a"]);
    await world.consistently("the last look after the change is over", () => true, 70_000);
    world.webhooks = "down";
    await world.createSecret("foo");
    await world.consistently("time passes", () => true, 1_000);
    assert.equal(await world.shardOf(world.secrets, "foo"), undefined);
    broken = false;
    // Long before the next audit.
    await world.spread(["shard-a"], ["foo"], 90_000);
  });
});

Deno.test("a resource that is not served does not have all others looked at again and again", async () => {
  await inWorld(async (world) => {
    const resources = [...world.spec().resources ?? [], { group: "example.com", resource: "foos" }];
    await world.setUp({ ...world.spec(), resources });
    await world.startAll(["shard-a"]);
    await world.consistently("it settles", () => true, 30_000);
    const mark = world.mark;
    const whole: unknown[] = [];
    world.tamper = () => (request, next) => {
      const { path, querystring } = request;
      if (path.endsWith("/secrets") && querystring?.get("limit") === "500" && !querystring.has("labelSelector")) {
        whole.push(request);
      }
      return next(request);
    };
    await world.consistently("it is tried again", () => true, 120_000);
    assert.deepEqual(whole, []);
    assert.ok(world.traffic.slice(mark).some(({ path }) => path.endsWith("/secrets")), "it is still looked for");
  });
});
