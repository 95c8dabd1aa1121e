import assert from "node:assert/strict";
import { leaseRingLabel } from "../../../lib/sharding/names.ts";
import { InMemoryStage } from "../../integration/stages/in_memory.ts";
import { World } from "../../integration/world.ts";

async function inWorld(run: (world: World) => Promise<void>): Promise<void> {
  await using stage = await InMemoryStage.start();
  await using world = new World(stage, "ring");
  await run(world);
}

for (const end of ["stops", "crashes"] as const) {
  Deno.test(`the only shard may come back under its name after it ${end}: nobody could have its objects`, async () => {
    await inWorld(async (world) => {
      await world.setUp();
      const { shards } = await world.startAll(["shard-a"]);
      const names = await world.createSecrets(3);
      await world.spread(["shard-a"], names);
      const first = shards.get("shard-a");
      if (end === "stops") await first?.stop();
      else await first?.crash();
      await world.isReady(0, 1);
      await world.consistently("time passes", () => true, 20_000);
      const mark = world.mark;
      await world.consistently("nobody renews its Lease", () => true, 40_000);
      assert.deepEqual(
        world.traffic.slice(mark).filter(({ method, path }) => method === "PUT" && path.endsWith("/leases/shard-a")),
        [],
      );
      world.startShard("shard-a");
      await world.isReady(1);
      await world.createSecret("bar");
      await world.spread(["shard-a"], [...names, "bar"]);
    });
  });
}

Deno.test("objects that had to wait for any shard move under the cover of a take-over", async () => {
  await inWorld(async (world) => {
    await world.setUp();
    const { shards } = await world.startAll(["shard-a"]);
    const names = await world.createSecrets(3);
    await world.spread(["shard-a"], names);
    await shards.get("shard-a")?.stop();
    await world.isReady(0, 1);
    await world.consistently("time passes", () => true, 100_000);
    const [mains, history] = [await world.labels(world.secrets), await world.leaseHistory()];
    world.startShard("shard-b");
    await world.spread(["shard-b"], names);
    const taken = history.when("shard-a", ({ holder }) => holder === "shardlease-controller");
    for (const name of names) assert.ok(mains.when(name, ({ shard }) => shard === "shard-b") >= taken);
    await world.eventually("its Lease goes", async () => await world.leases.find("shard-a") === undefined, 70_000);
  });
});

Deno.test("a take-over needs one write beside the state labels, and none fails", async () => {
  await inWorld(async (world) => {
    await world.setUp();
    const { shards } = await world.startAll(["shard-a", "shard-b"]);
    const names = await world.createSecrets(6);
    await world.spread(["shard-a", "shard-b"], names);
    const mark = world.mark;
    await shards.get("shard-b")?.crash();
    await world.spread(["shard-a"], names, 20_000);
    const writes = world.traffic.slice(mark).filter(({ process, method, path }) =>
      process === "ring-sharder-a" && method === "PUT" && path.endsWith("/leases/shard-b")
    );
    assert.deepEqual(writes.filter(({ failure }) => failure !== undefined), []);
    assert.ok(writes.length >= 1 && writes.length <= 2, `${writes.length} writes`);
  });
});

Deno.test("a ring that is being deleted holds no Leases, as nothing moves any more", async () => {
  await inWorld(async (world) => {
    await world.setUp();
    const { shards } = await world.startAll(["shard-a", "shard-b"]);
    const names = await world.createSecrets(6);
    await world.spread(["shard-a", "shard-b"], names);
    const finalizers = (finalizers: string[]): Promise<unknown> =>
      world.rings.patch(world.name, { type: "merge", patch: { metadata: { finalizers } } });
    await finalizers(["example.com/wait"]);
    await world.rings.delete(world.name);
    await shards.get("shard-b")?.stop();
    await world.consistently("time passes", () => true, 20_000);
    const { spec } = await world.leases.get("shard-b");
    assert.equal(spec?.holderIdentity ?? "", "");
    await finalizers([]);
  });
});

for (const renewed of [false, true]) {
  const what = renewed ? "left alone while somebody renews it" : "taken over with its label";
  Deno.test(`a Lease that lost the ring's label is ${what}`, async () => {
    await inWorld(async (world) => {
      await world.setUp();
      world.startSharder();
      world.startShard("shard-a");
      await world.writeLease("shard-x", { duration: 10 });
      await world.isReady(2);
      await world.consistently("the sharder has watched for long enough", () => true, 5_000);
      await world.createSecret("foo", { [world.shardLabel]: "shard-x" });
      const metadata = { labels: { [leaseRingLabel]: null } };
      await world.leases.patch("shard-x", { type: "merge", patch: { metadata } });
      if (renewed) await world.writeLease("shard-x", { duration: 10 });
      const mark = world.mark;
      await world.consistently("time passes", () => true, 40_000);
      assert.equal(await world.shardOf(world.secrets, "foo"), renewed ? "shard-x" : "shard-a");
      const failed = world.traffic.slice(mark).filter(({ method, failure }) =>
        method === "POST" && failure !== undefined
      );
      assert.deepEqual(failed, []);
    });
  });
}
