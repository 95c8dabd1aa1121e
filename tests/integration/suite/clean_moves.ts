import assert from "node:assert/strict";
import { pausedAnnotation } from "../../../lib/sharding/names.ts";
import type { Behaviour } from "../suite.ts";
import type { LabelSight, World } from "../world.ts";

const two = ["shard-a", "shard-stuck"];
const three = [...two, "shard-c"];

/** Starts a sharder, one shard, and a second one that is alive by its Lease and lets go of nothing. */
async function startWithStuck(world: World, settings: Parameters<World["startSharder"]>[1] = {}): Promise<void> {
  await world.setUp();
  world.startSharder("sharder-a", settings);
  await world.writeLease("shard-stuck", { duration: 3_600 });
  world.startShard("shard-a");
  await world.isReady(2);
}

/** Names of Secrets that go from the stuck shard to the third one as it joins. */
function leavingStuck(world: World, names: readonly string[]): string[] {
  return names.filter((name) =>
    world.ownerAmong(two, name) === "shard-stuck" && world.ownerAmong(three, name) === "shard-c"
  );
}

async function draining(world: World): Promise<string[]> {
  const { items } = await world.secrets.asMetadata().list({ labelSelector: world.drainLabel });
  return items.map(({ metadata }) => metadata.name).sort();
}

/** Lets go of an object as its shard would. */
async function acknowledge(world: World, name: string): Promise<void> {
  const patch = { metadata: { labels: { [world.shardLabel]: null, [world.drainLabel]: null } } };
  await world.secrets.patch(name, { type: "merge", patch });
}

async function pause(world: World, paused: boolean): Promise<void> {
  const annotations = { [pausedAnnotation]: paused ? "true" : null };
  await world.rings.patch(world.name, { type: "merge", patch: { metadata: { annotations } } });
}

/** What happens to an object that its shard is asked for in vain: asked, and left with it. */
const withdrawn: readonly LabelSight[] = [
  { shard: "shard-stuck", draining: false },
  { shard: "shard-stuck", draining: true },
  { shard: "shard-stuck", draining: false },
];

/** Moves that shall not be, that cannot be, and that fail. */
export const cleanMoves: readonly Behaviour[] = [
  {
    name: "a drain is withdrawn when the ring has changed back before the shard let go",
    run: async (world) => {
      await startWithStuck(world);
      const names = await world.createSecrets(24);
      await world.settle(two, names);
      const mains = await world.labels(world.secrets);
      const shardC = world.startShard("shard-c");
      const moving = leavingStuck(world, names);
      assert.ok(moving.length > 0);
      await world.eventually("they are asked for", async () => (await draining(world)).length === moving.length);
      await shardC.stop();
      await world.eventually("the drains are withdrawn", async () => (await draining(world)).length === 0, 2_000);
      await world.settle(two, names, 2_000);
      await world.eventually("the history is complete", () => moving.every((name) => mains.of(name).length === 3));
      for (const name of moving) assert.deepEqual(mains.of(name), withdrawn, name);
      const mark = world.mark;
      await world.consistently("nothing more happens", () => true, 1_000);
      assert.deepEqual(world.writes(mark).filter(({ path }) => path.includes("/secrets/")), []);
    },
  },
  {
    name: "a pause withdraws drains, and the end of the pause asks again",
    run: async (world) => {
      await startWithStuck(world);
      const names = await world.createSecrets(24);
      await world.settle(two, names);
      const mains = await world.labels(world.secrets);
      world.startShard("shard-c");
      const moving = leavingStuck(world, names);
      await world.eventually("they are asked for", async () => (await draining(world)).length === moving.length);
      await pause(world, true);
      await world.eventually("the drains are withdrawn", async () => (await draining(world)).length === 0, 2_000);
      await world.eventually("the history is complete", () => moving.every((name) => mains.of(name).length === 3));
      for (const name of moving) assert.deepEqual(mains.of(name), withdrawn, name);
      await pause(world, false);
      await world.eventually("they are asked for again", async () => (await draining(world)).length === moving.length);
      for (const name of moving) await acknowledge(world, name);
      await world.settle(three, names);
    },
  },
  {
    name: "a child that is created in a paused ring comes to its owner, which waits on another shard",
    run: async (world) => {
      await world.setUp();
      const all = ["shard-a", "shard-b", "shard-d"];
      await world.startAll(["shard-a", "shard-b"]);
      const names = await world.createSecrets(16);
      await world.spread(["shard-a", "shard-b"], names);
      await pause(world, true);
      world.startShard("shard-d");
      await world.isReady(3);
      const kept = names.filter((name) => world.ownerAmong(all, name) === "shard-d");
      assert.ok(kept.length > 1);
      const together = async (): Promise<boolean> => {
        const [mains, children] = [await world.shardsOf(world.secrets), await world.shardsOf(world.configMaps)];
        return kept.every((name) => {
          const owner = world.ownerAmong(["shard-a", "shard-b"], name);
          return mains.get(name) === owner && children.get(`checksums-${name}`) === owner;
        });
      };
      const [first = "", ...others] = kept;
      // Their owners' shard creates them again.
      for (const name of others) await world.configMaps.delete(`checksums-${name}`);
      await world.eventually("new children come to their owners", together, 2_000);
      // As if it had been created in the middle of a move that was then paused.
      const labels = { [world.shardLabel]: "shard-d" };
      await world.configMaps.patch(`checksums-${first}`, { type: "merge", patch: { metadata: { labels } } });
      world.startShard("shard-e");
      await world.isReady(4);
      await world.eventually("the next look at everything brings it back", together, 4_000);
      await pause(world, false);
      await world.spread([...all, "shard-e"], names);
    },
  },
  {
    name: "a shard that does not let go in time is named in a condition, and not any more when it has",
    needs: { ability: "virtual time", why: "the deadline is minutes" },
    run: async (world) => {
      await startWithStuck(world, { drainDeadline: "2m" });
      const names = await world.createSecrets(24);
      await world.settle(two, names);
      world.startShard("shard-c");
      const moving = leavingStuck(world, names);
      await world.eventually("they are asked for", async () => (await draining(world)).length === moving.length);
      const condition = async (): Promise<string | undefined> =>
        (await world.rings.get(world.name)).status?.conditions?.find(({ type }) => type === "DrainsStuck")?.message;
      await world.consistently("nobody is blamed", async () => await condition() === undefined, 110_000);
      await world.eventually("it is named", async () => (await condition())?.includes("shard-stuck") === true, 30_000);
      assert.doesNotMatch(await condition() ?? "", /shard-a|shard-c|[0-9]/);
      const [last = "", ...others] = moving;
      for (const name of others) await acknowledge(world, name);
      await world.consistently("one is enough", async () => await condition() !== undefined, 30_000);
      await acknowledge(world, last);
      await world.eventually("all is well", async () => await condition() === undefined, 15_000);
      await world.settle(three, names);
    },
  },
  {
    name: "a shard with many objects is asked for more by looks at its own objects only",
    run: async (world) => {
      let whole = 0;
      world.tamper = (process) => (request, next) => {
        const { path, querystring } = request;
        const isList = path.endsWith("/secrets") && querystring?.get("limit") === "500";
        if (process.includes("sharder") && isList && !querystring.has("labelSelector")) whole++;
        return next(request);
      };
      await startWithStuck(world, { maxPendingDrains: 2 });
      const names = await world.createSecrets(90);
      await world.settle(two, names);
      world.startShard("shard-c");
      const moving = leavingStuck(world, names);
      assert.ok(moving.length > 6, `${moving.length} objects are to move`);
      await world.eventually("two are asked for", async () => (await draining(world)).length === 2);
      // What other shards have moves all the same.
      const others = names.filter((name) => !moving.includes(name));
      await world.settle(three, others);
      const before = whole;
      let asked = 0;
      await world.eventually("all have moved", async () => {
        const pending = await draining(world);
        asked = Math.max(asked, pending.length);
        for (const name of pending) await acknowledge(world, name);
        const owners = await world.shardsOf(world.secrets);
        return moving.every((name) => owners.get(name) === "shard-c");
      }, 20_000);
      assert.equal(asked, 2);
      assert.equal(whole, before);
    },
  },
  {
    name: "an object that cannot be written is tried again by itself, and keeps no other from moving",
    needs: { ability: "virtual time", why: "it is tried for minutes" },
    run: async (world) => {
      await world.setUp();
      await world.startAll(["shard-a", "shard-b"], { syncPeriod: "1h" });
      const names = await world.createSecrets(24);
      await world.spread(["shard-a", "shard-b"], names);
      const all = ["shard-a", "shard-b", "shard-c"];
      const [bad = "", ...good] = names.filter((name) => world.ownerAmong(all, name) === "shard-c");
      assert.ok(good.length > 0);
      let lists = 0;
      let tries = 0;
      world.fault = ({ method, path, querystring }, process) => {
        if (!process.includes("sharder")) return { type: "none" };
        if (method === "GET" && path.endsWith("/secrets") && querystring?.get("watch") !== "true") lists++;
        if (method !== "PATCH" || !path.endsWith(`/secrets/${bad}`)) return { type: "none" };
        tries++;
        return { type: "status", code: 500, reason: "InternalError" };
      };
      world.startShard("shard-c");
      await world.spread(all, names.filter((name) => name !== bad));
      await world.consistently("the looks after the change are over", () => true, 60_000);
      const before = { lists, tries };
      await world.consistently("it is tried", () => true, 120_000);
      assert.ok(tries - before.tries >= 2 && tries - before.tries <= 8, `${tries - before.tries} tries`);
      assert.equal(lists, before.lists, "nobody looks at the others");
      world.fault = () => ({ type: "none" });
      await world.spread(all, names, 50_000);
    },
  },
];
