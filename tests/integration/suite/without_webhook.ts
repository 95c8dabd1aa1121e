import assert from "node:assert/strict";
import type { Behaviour } from "../suite.ts";
import type { Labels, World } from "../world.ts";

const three = ["shard-a", "shard-b", "shard-c"];
const four = [...three, "shard-d"];

/** G2: for so long may an object be without an owner, in milliseconds. */
const patience = 2_000;

/** The same where the sharder hears of an object by lists only. */
function patienceOf({ stage }: World): number {
  return patience + stage.delay;
}

/** None of these objects was without an owner for longer than it may, since it was first seen. */
function wereOwned(world: World, labels: Labels, names: readonly string[]): void {
  for (const name of names) {
    assert.ok(labels.of(name).length > 0, name);
    for (const [index, { value, at }] of labels.sights(name).entries()) {
      if (value.shard !== undefined) continue;
      const next = labels.sights(name)[index + 1];
      assert.ok(next !== undefined && next.at - at <= patienceOf(world), `${name} had no owner for too long`);
    }
  }
}

/** Objects are created, move to a shard that joins, away from it as it leaves, and back as it comes again. */
async function lives(world: World): Promise<void> {
  const [mains, children] = [await world.labels(world.secrets), await world.labels(world.configMaps)];
  const names = await world.createSecrets(18);
  await world.spread(three, names, patienceOf(world));
  const shardD = world.startShard("shard-d");
  await world.spread(four, names, 5_000 + world.stage.delay);
  await shardD.stop();
  await world.spread(three, names, patienceOf(world));
  world.startShard("shard-d");
  await world.spread(four, names, 5_000 + world.stage.delay);
  names.push(...await world.createSecrets(6, "late"));
  await world.spread(four, names, patienceOf(world));
  wereOwned(world, mains, names);
  wereOwned(world, children, names.map((name) => `checksums-${name}`));
  // Else nothing was shown.
  assert.ok(names.some((name) => mains.of(name)[0]?.shard === undefined), "the webhook was in use");
  for (const name of names) {
    const moves = mains.of(name).filter(({ shard }, index, all) => index > 0 && shard !== all[index - 1]?.shard);
    assert.ok(moves.every(({ draining }) => !draining), `${name}: ${JSON.stringify(mains.of(name))}`);
  }
}

/** Item 8: the webhook is a short cut. Without it all the same happens, within the times of G2. */
export const withoutWebhook: readonly Behaviour[] = [
  {
    name: "with the webhook down, objects are created, move and come back as with it",
    run: async (world) => {
      await world.setUp();
      await world.startAll(three);
      world.webhooks = "down";
      await lives(world);
    },
  },
  {
    name: "without a webhook configuration, objects are created, move and come back as with one",
    run: async (world) => {
      await world.setUp();
      // As where the sharder must not write it, or its admission plugin is off.
      world.fault = ({ method, path }, process) =>
        process.includes("sharder") && method !== "GET" && path.includes("/mutatingwebhookconfigurations")
          ? { type: "status", code: 403, reason: "Forbidden" }
          : { type: "none" };
      world.startSharder();
      for (const shard of three) world.startShard(shard);
      await world.eventually(
        "the shards are available",
        async () => (await world.rings.get(world.name)).status?.availableShards === 3,
      );
      await lives(world);
      const reviews = world.traffic.filter(({ path }) => path.includes("/webhooks/"));
      assert.deepEqual(reviews, []);
    },
  },
  {
    name: "a webhook that goes and comes back in the middle of a move leaves nobody behind",
    run: async (world) => {
      await world.setUp();
      await world.startAll(three);
      const names = await world.createSecrets(24);
      await world.spread(three, names);
      const [mains, children] = [await world.labels(world.secrets), await world.labels(world.configMaps)];
      let calls = 0;
      world.tamper = () => (request, next) => {
        // Down for every second few writes.
        if (request.method === "PATCH") world.webhooks = Math.floor(calls++ / 3) % 2 === 0 ? "down" : "up";
        return next(request);
      };
      world.startShard("shard-d");
      await world.spread(four, names, 5_000 + world.stage.delay);
      wereOwned(world, mains, names);
      wereOwned(world, children, names.map((name) => `checksums-${name}`));
      assert.ok(calls > 6);
    },
  },
];
