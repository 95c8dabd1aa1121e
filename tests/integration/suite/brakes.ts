import assert from "node:assert/strict";
import { movesPerSecondAnnotation, pausedAnnotation } from "../../../lib/sharding/names.ts";
import type { Behaviour } from "../suite.ts";
import type { World } from "../world.ts";

const three = ["shard-a", "shard-b", "shard-c"];
const four = [...three, "shard-d"];

async function annotate(world: World, annotations: Record<string, string | null>): Promise<void> {
  await world.rings.patch(world.name, { type: "merge", patch: { metadata: { annotations } } });
}

async function conditionTypes(world: World): Promise<string[]> {
  return (await world.rings.get(world.name)).status?.conditions?.map(({ type }) => type) ?? [];
}

/** Operators keep objects where they are. */
export const brakes: readonly Behaviour[] = [
  {
    name: "a paused ring leaves objects on their live shards, and still gives owners to new ones and to orphans",
    run: async (world) => {
      await world.setUp();
      const { shards } = await world.startAll(three);
      const names = await world.createSecrets(24);
      await world.spread(three, names);
      await annotate(world, { [pausedAnnotation]: "true" });
      await world.eventually("the ring says so", async () => (await conditionTypes(world)).includes("Paused"));

      const mains = await world.labels(world.secrets);
      world.startShard("shard-d");
      await world.isReady(4);
      const before = names.map((name) => world.ownerAmong(three, name));
      await world.consistently("nothing moves", async () => {
        const owners = await world.shardsOf(world.secrets);
        return names.every((name, index) => owners.get(name) === before[index]);
      }, 3_000);
      assert.ok(names.every((name) => mains.of(name).every(({ draining }) => !draining)), "no one was asked to let go");
      const late = await world.createSecrets(8, "late");
      await world.settle(four, late, 2_000);

      // Nobody looks after the objects of a shard that is gone.
      await shards.get("shard-c")?.stop();
      const rest = ["shard-a", "shard-b", "shard-d"];
      const orphans = names.filter((name) => world.ownerAmong(three, name) === "shard-c");
      assert.ok(orphans.length > 0);
      await world.settle(rest, orphans, 5_000);
      const kept = names.filter((name) => world.ownerAmong(three, name) !== "shard-c");
      const owners = await world.shardsOf(world.secrets);
      for (const name of kept) assert.equal(owners.get(name), world.ownerAmong(three, name), name);

      await annotate(world, { [pausedAnnotation]: null });
      await world.spread(rest, [...names, ...late]);
      await world.eventually("the condition goes", async () => !(await conditionTypes(world)).includes("Paused"));
    },
  },
  {
    name: "a limit of moves per second lets live shards go of no more, and holds up no object without an owner",
    run: async (world) => {
      await world.setUp();
      const { shards } = await world.startAll(three);
      const names = await world.createSecrets(40);
      await world.spread(three, names);
      await annotate(world, { [movesPerSecondAnnotation]: "0.5" });
      const mains = await world.labels(world.secrets);
      world.startShard("shard-d");
      await world.isReady(4);
      const moving = names.filter((name) => world.ownerAmong(four, name) === "shard-d");
      const asked = (): number[] =>
        moving.filter((name) => mains.of(name).some(({ draining }) => draining))
          .map((name) => mains.when(name, ({ draining }) => draining)).sort((a, b) => a - b);
      await world.eventually("three were asked to move", () => asked().length >= 3, 10_000);
      assert.ok(moving.length > 4, `${moving.length} objects are to move`);

      // A shard that goes meanwhile leaves objects that cannot wait.
      await shards.get("shard-c")?.stop();
      const rest = ["shard-a", "shard-b", "shard-d"];
      const orphans = names.filter((name) => world.ownerAmong(three, name) === "shard-c" && !moving.includes(name));
      await world.settle(rest, orphans, 3_000);
      const times = asked();
      for (const [index, time] of times.entries()) {
        const earlier = times[index - 1];
        if (earlier !== undefined) assert.ok(time - earlier >= 1_800, `two moves within ${time - earlier} ms`);
      }

      await annotate(world, { [movesPerSecondAnnotation]: null });
      await world.spread(rest, names);
    },
  },
];
