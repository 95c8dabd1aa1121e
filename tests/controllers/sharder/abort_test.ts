import assert from "node:assert/strict";
import { LeadershipLostError } from "../../../lib/runtime/election/mod.ts";
import { InMemoryStage } from "../../integration/stages/in_memory.ts";
import { World } from "../../integration/world.ts";

/** Runs in a world with many objects whose sharder stops in the n-th request of its first passes, which hangs. */
async function inMidPass(
  number: number,
  run: (world: World, stage: InMemoryStage, sharder: ReturnType<World["startSharder"]>) => Promise<void>,
): Promise<void> {
  await using stage = await InMemoryStage.start();
  await using world = new World(stage, "ring");
  await world.setUp(null);
  for (let i = 0; i < 300; i++) await world.createSecret(`foo-${i}`);
  await world.createRing(world.name, world.spec());
  await world.writeLease("shard-a", { duration: 3_600 });
  await world.writeLease("shard-b", { duration: 3_600 });
  let requests = 0;
  const hangs = Promise.withResolvers<void>();
  world.tamper = () => (request, next) => {
    const isPass = /\/(secrets|configmaps)(\/|$)/.test(request.path) && request.querystring?.get("watch") !== "true";
    if (!isPass || requests++ < number) return next(request);
    hangs.resolve();
    return new Promise((_, reject) => {
      request.abortSignal?.addEventListener("abort", () => reject(request.abortSignal?.reason), { once: true });
      if (request.abortSignal?.aborted === true) reject(request.abortSignal.reason);
    });
  };
  const sharder = world.startSharder();
  let hanging = false;
  void hangs.promise.then(() => hanging = true);
  await world.eventually("it hangs in a request", () => hanging, 60_000);
  await run(world, stage, sharder);
}

// Peers 5a no. 12.
for (const number of [0, 1, 2, 3, 10, 100]) {
  Deno.test(`a sharder that is asked to stop in request ${number} of a pass stops at once`, async () => {
    await inMidPass(number, async (_world, { clock }, sharder) => {
      const before = clock.monotonic();
      await sharder.stop();
      assert.equal(sharder.state, "done");
      // It gives back its Lease, and lets webhook calls end.
      assert.ok(clock.monotonic() - before <= 5_500, `${clock.monotonic() - before} ms`);
    });
  });
}

Deno.test("a leader that is cut off in the middle of a pass ends, and the next one goes on", async () => {
  await inMidPass(50, async (world, _stage, sharder) => {
    world.tamper = () => (request, next) => next(request);
    sharder.isolate();
    await world.eventually("it has ended", () => sharder.state !== "running", 10_000);
    assert.ok(sharder.state instanceof LeadershipLostError, String(sharder.state));
    world.startSharder("sharder-b");
    await world.eventually("all have an owner", async () => {
      const owners = [...(await world.shardsOf(world.secrets)).values()];
      return owners.every((owner) => owner === "shard-a" || owner === "shard-b");
    }, 60_000);
  });
});
