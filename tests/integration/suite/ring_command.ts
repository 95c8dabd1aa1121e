import assert from "node:assert/strict";
import { runRingOn } from "../ring_run.ts";
import type { Behaviour } from "../suite.ts";
import type { World } from "../world.ts";

const three = ["shard-a", "shard-b", "shard-c"];

/** What a run of the command, with all rights, answers as JSON. */
async function ask(
  world: World,
  ...args: readonly string[]
): Promise<{ readonly code: number; readonly data: unknown }> {
  const { code, stdout, stderr } = await runRingOn(world.stage, ...args, "-o", "json");
  assert.equal(stderr, "");
  return { code, data: JSON.parse(stdout) };
}

/** Sees that the data has these fields, whatever else it has. */
function has(data: unknown, fields: Readonly<Record<string, unknown>>): void {
  const found = new Map<string, unknown>(Object.entries(data ?? {}));
  for (const [name, value] of Object.entries(fields)) assert.deepEqual(found.get(name), value, name);
}

/** A person looks at a ring, and releases it in the end. */
export const ringCommand: readonly Behaviour[] = [
  {
    name: "the ring command tells who has what, foretells a move, and releases the labels of a deleted ring",
    run: async (world) => {
      await world.setUp();
      const { sharder } = await world.startAll(three);
      const names = await world.createSecrets(9);
      await world.spread(three, names);

      const status = await ask(world, "status", world.name);
      // With the reference's rights the sharder misses some, and the ring says so.
      const healthy = world.stage.rights === "ours";
      assert.equal(status.code, healthy ? 0 : 1);
      has(status.data, { healthy, objects: 18, withoutOwner: 0, pendingDrains: 0, shardsAvailable: 3 });
      for (const name of names.slice(0, 3)) {
        const { data } = await ask(world, "whereis", "secret", `${world.name}/${name}`, "--ring", world.name);
        assert.ok(Array.isArray(data));
        has(data[0], { shard: world.ownerAmong(three, name), owned: true, plan: "none" });
      }
      const child = await ask(
        world,
        "whereis",
        "configmaps",
        `${world.name}/checksums-${names[0]}`,
        "--ring",
        world.name,
      );
      assert.ok(Array.isArray(child.data));
      has(child.data[0], {
        controller: `Secret/${names[0]}`,
        controllerShard: world.ownerAmong(three, names[0] ?? ""),
      });

      const four = [...three, "shard-d"];
      const { data } = await ask(world, "simulate", world.name, "--add", "shard-d");
      const moving = names.filter((name) => world.ownerAmong(four, name) === "shard-d");
      has(data, { objects: 18, moved: 2 * moving.length, underway: 0 });

      // It would do the same.
      await sharder.stop();
      await world.rings.delete(world.name);
      const labels = ["--labels", "--resource", "secrets", "--controlled", "configmaps"];
      const released = await ask(world, "release", world.name, ...labels);
      assert.equal(released.code, 0);
      has(released.data, { removed: 9, acknowledged: 9, left: 0 });
      await world.eventually("no object has a label", async () => {
        const shards = [...await world.shardsOf(world.secrets), ...await world.shardsOf(world.configMaps)];
        return shards.every(([, shard]) => shard === undefined);
      });
    },
  },
];
