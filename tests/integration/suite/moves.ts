import assert from "node:assert/strict";
import { LeadershipLostError } from "../../../lib/runtime/election/mod.ts";
import type { Behaviour } from "../suite.ts";
import type { LabelSight, Traffic } from "../world.ts";

const three = ["shard-a", "shard-b", "shard-c"];
const four = [...three, "shard-d"];

/** What happens at a live move: asked to let go, let go and given to the new shard in one. */
function liveMove(from: string, to: string): LabelSight[] {
  return [{ shard: from, draining: false }, { shard: from, draining: true }, { shard: to, draining: false }];
}

/** Writes to a Secret or its ConfigMap, whoever made them. */
function writesTo(writes: readonly Traffic[], family: string): Traffic[] {
  const names = [family, `checksums-${family}`];
  return writes.filter(({ created, path }) => names.includes(created ?? path.slice(path.lastIndexOf("/") + 1)));
}

/** What happens when nobody is at work on the object, and always to a ConfigMap. */
function directMove(from: string, to: string): LabelSight[] {
  return [{ shard: from, draining: false }, { shard: to, draining: false }];
}

/** Shards come and go while objects exist. */
export const moves: readonly Behaviour[] = [
  {
    name: "a fourth shard takes over exactly its share, each object through a drain and its acknowledgement",
    run: async (world) => {
      await world.setUp();
      await world.startAll(three);
      const names = await world.createSecrets(24);
      await world.spread(three, names);
      const [mains, children] = [await world.labels(world.secrets), await world.labels(world.configMaps)];
      // A shard takes what comes to it sooner for newborn, and tries to create its ConfigMap.
      const { clock } = world.stage;
      const created = clock.monotonic();
      await world.eventually("none is newborn", () => clock.monotonic() >= created + 3_000, 10_000);
      const mark = world.mark;
      world.startShard("shard-d");
      await world.spread(four, names);
      const moved = names.filter((name) => world.ownerAmong(four, name) === "shard-d");
      await world.eventually(
        "the history is complete",
        () => moved.every((name) => children.of(`checksums-${name}`).at(-1)?.shard === "shard-d"),
      );

      assert.ok(moved.length > 0 && moved.length < names.length);
      for (const name of names) {
        const writes = writesTo(world.writes(mark), name);
        const [from, to, child] = [world.ownerAmong(three, name), world.ownerAmong(four, name), `checksums-${name}`];
        if (!moved.includes(name)) {
          assert.deepEqual(mains.of(name), [{ shard: from, draining: false }]);
          assert.deepEqual(writes, [], name);
          continue;
        }
        assert.deepEqual(mains.of(name), liveMove(from, to));
        assert.deepEqual(children.of(child), directMove(from, to));
        assert.equal(writes.length, 3, JSON.stringify(writes));
        assert.ok(writes.every(({ method, failure }) => method === "PATCH" && failure === undefined));
        // The ConfigMap follows its Secret, no sooner and not much later.
        const late = children.when(child, ({ shard }) => shard === to) - mains.when(name, ({ shard }) => shard === to);
        assert.ok(late <= 1_000 + world.stage.delay, `the child of ${name} came ${late} ms after it`);
      }
    },
  },
  {
    name: "a shard that is asked to stop releases its Lease, and its objects move at once",
    run: async (world) => {
      await world.setUp();
      const { shards } = await world.startAll(three);
      const names = await world.createSecrets(18);
      await world.spread(three, names);
      const mains = await world.labels(world.secrets);
      await shards.get("shard-c")?.stop();
      assert.equal(shards.get("shard-c")?.state, "done");
      await world.spread(["shard-a", "shard-b"], names, 2_000);
      for (const name of names) {
        assert.ok(mains.of(name).every(({ draining }) => !draining), `${name} was drained though its shard was gone`);
      }
      await world.isReady(2, 3);
    },
  },
  {
    name: "a released Lease is held while its objects move, released again, and deleted a minute after",
    needs: { ability: "virtual time", why: "a Lease is kept for a minute" },
    run: async (world) => {
      await world.setUp();
      const { shards } = await world.startAll(three);
      const names = await world.createSecrets(18);
      await world.spread(three, names);
      const [mains, lease] = [await world.labels(world.secrets), await world.leaseHistory()];
      await shards.get("shard-c")?.stop();
      await world.spread(["shard-a", "shard-b"], names, 2_000);
      const holders = (): string[] => [...new Set(lease.of("shard-c").map(({ holder }) => holder))];
      await world.eventually(
        "the Lease is given back",
        () => holders().length === 3 && lease.of("shard-c").at(-1)?.holder === "",
        5_000,
      );
      assert.deepEqual(holders(), ["shard-c", "", "shardlease-controller"]);
      const takenOver = lease.when("shard-c", ({ holder }) => holder === "shardlease-controller");
      for (const name of names.filter((name) => world.ownerAmong(three, name) === "shard-c")) {
        assert.ok(mains.when(name, ({ shard }) => shard !== "shard-c") >= takenOver);
      }
      const released = world.stage.clock.monotonic();
      const isGone = async (): Promise<boolean> => await world.leases.find("shard-c") === undefined;
      await world.consistently("the Lease is kept", async () => !await isGone(), 59_000);
      await world.eventually("the Lease is deleted", isGone, 10_000);
      const after = world.stage.clock.monotonic() - released;
      assert.ok(after >= 59_000 && after <= 63_000, `deleted after ${after} ms`);
      await world.isReady(2);
    },
  },
  {
    name:
      "a killed shard expires, is taken over, and its objects move while its Lease is held, with two writes a family",
    run: async (world) => {
      await world.setUp();
      const { shards } = await world.startAll(three);
      const names = await world.createSecrets(18);
      await world.spread(three, names);
      const [mains, children] = [await world.labels(world.secrets), await world.labels(world.configMaps)];
      const lease = await world.leaseHistory();
      const mark = world.mark;
      const crashed = world.stage.clock.monotonic();
      await shards.get("shard-c")?.crash();
      await world.spread(["shard-a", "shard-b"], names, 10_000);
      await world.eventually("the Lease is given back", () => lease.of("shard-c").at(-1)?.holder === "", 5_000);

      const [first] = lease.of("shard-c");
      const states = lease.of("shard-c").map(({ state }) => state);
      assert.deepEqual([...new Set(states)], ["ready", "expired", "uncertain", "dead"]);
      const taken = lease.sights("shard-c").find(({ value }) => value.holder === "shardlease-controller");
      // Twice 3 s, but at least 10 s: long enough to move all objects under its cover.
      assert.equal(taken?.value.duration, 10);
      assert.equal(taken?.value.transitions, (first?.transitions ?? NaN) + 1);
      // By its proof it stops within 3 s of its last renewal, at most 0.5 s old; requests under way get 2 s.
      const silence = (taken?.at ?? NaN) - crashed;
      assert.ok(silence >= 4_400 && silence <= 6_500, `taken over after ${silence} ms`);

      for (const name of names.filter((name) => world.ownerAmong(three, name) === "shard-c")) {
        const to = world.ownerAmong(["shard-a", "shard-b"], name);
        assert.deepEqual(mains.of(name), directMove("shard-c", to));
        assert.deepEqual(children.of(`checksums-${name}`), directMove("shard-c", to));
        assert.ok(mains.when(name, ({ shard }) => shard === to) >= (taken?.at ?? NaN), `${name} moved too early`);
        const writes = writesTo(world.writes(mark), name);
        assert.equal(writes.length, 2, JSON.stringify(writes));
        assert.ok(writes.every(({ failure }) => failure === undefined), JSON.stringify(writes));
      }
      await world.isReady(2, 3);
    },
  },
  {
    name: "a shard that comes back under its name right after a crash gets its share back",
    run: async (world) => {
      await world.setUp();
      const { shards } = await world.startAll(three);
      const names = await world.createSecrets(12);
      await world.spread(three, names);
      await shards.get("shard-c")?.crash();
      await world.spread(["shard-a", "shard-b"], names, 10_000);
      world.startShard("shard-c");
      await world.spread(three, names, 10_000);
      await world.isReady(3);
    },
  },
  {
    name: "a shard that is cut off from the API server ends by itself before its objects are given to others",
    run: async (world) => {
      await world.setUp();
      const { shards } = await world.startAll(three);
      const names = await world.createSecrets(9);
      await world.spread(three, names);
      const [mains, cutOff] = [await world.labels(world.secrets), shards.get("shard-c")];
      const { clock } = world.stage;
      let endedAt = Infinity;
      cutOff?.isolate();
      await world.eventually("its work has ended", () => {
        if (cutOff?.state === "running") return false;
        endedAt = clock.monotonic();
        return true;
      }, 5_000);
      assert.ok(cutOff?.state instanceof LeadershipLostError, String(cutOff?.state));
      await world.spread(["shard-a", "shard-b"], names, 10_000);
      for (const name of names.filter((name) => world.ownerAmong(three, name) === "shard-c")) {
        assert.ok(mains.when(name, ({ shard }) => shard !== "shard-c") >= endedAt, `${name} moved before`);
      }
    },
  },
  {
    name: "a leading replica that is cut off ends by itself, and the other leads",
    run: async (world) => {
      await world.setUp();
      const { sharder } = await world.startAll(three);
      world.startSharder("sharder-b");
      sharder.isolate();
      await world.eventually("it has ended", () => sharder.state !== "running", 10_000);
      assert.ok(sharder.state instanceof LeadershipLostError, String(sharder.state));
      world.webhooks = "down";
      const names = await world.createSecrets(6);
      await world.spread(three, names, 10_000);
    },
  },
  {
    name: "several shards come and go at once, and each object ends where it belongs",
    run: async (world) => {
      await world.setUp();
      const { shards } = await world.startAll(three);
      const names = await world.createSecrets(20);
      await world.spread(three, names);
      world.startShard("shard-d");
      world.startShard("shard-e");
      await Promise.all([shards.get("shard-a")?.stop(), shards.get("shard-b")?.crash()]);
      names.push(...await world.createSecrets(5, "late"));
      await world.spread(["shard-c", "shard-d", "shard-e"], names, 15_000);
    },
  },
  {
    name: "when the leading replica is killed, the other goes on",
    run: async (world) => {
      await world.setUp();
      const { sharder } = await world.startAll(three);
      const second = world.startSharder("sharder-b");
      const names = await world.createSecrets(6);
      await world.spread(three, names);
      await sharder.crash();
      // Without a leader the webhook of the other goes on.
      await world.eventually("an admission is assigned by the other replica", async () => {
        const { metadata } = await world.createSecret(`probe-${world.stage.clock.monotonic()}`.replace(".", "-"));
        return metadata.labels?.[world.shardLabel] === world.ownerAmong(three, metadata.name);
      }, 5_000);
      world.webhooks = "down";
      const missed = await world.createSecrets(6, "missed");
      await world.spread(three, missed, 20_000);
      world.webhooks = "up";
      world.startShard("shard-d");
      await world.spread(four, names, 10_000);
      assert.equal(second.state, "running");
    },
  },
  {
    name: "a leader that stops in order hands over at once",
    run: async (world) => {
      await world.setUp();
      const { sharder } = await world.startAll(["shard-a"]);
      world.startSharder("sharder-b");
      await sharder.stop();
      assert.equal(sharder.state, "done");
      world.webhooks = "down";
      const names = await world.createSecrets(3);
      // It waits between two tries to become the leader for up to 1.1 s.
      await world.spread(["shard-a"], names, 4_000);
    },
  },
];
