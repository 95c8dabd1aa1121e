import assert from "node:assert/strict";
import { leaseRingLabel, leaseStateLabel } from "../../../lib/sharding/names.ts";
import type { Behaviour } from "../suite.ts";
import type { LeaseSight, World } from "../world.ts";

/** What is judged after 40 s of watching, after silences of 10 s and more, is deleted after a minute. */
const minutes = { ability: "virtual time", why: "it takes minutes" } as const;

const shardIdentity = "shardlease-controller";

/** State label and holder of a Lease. */
async function stateOf(world: World, name: string): Promise<string> {
  const lease = await world.leases.find(name);
  return lease === undefined
    ? "gone"
    : `${lease.metadata.labels?.[leaseStateLabel]} ${lease.spec?.holderIdentity ?? ""}`;
}

/** Sees that a Lease is in one state for `ms`, and in the next one within a second. */
async function turns(world: World, name: string, before: string, ms: number, after: string): Promise<void> {
  const { clock } = world.stage;
  const start = clock.monotonic();
  const isIn = (state: string) => async (): Promise<boolean> => await stateOf(world, name) === state;
  await world.eventually(`Lease ${name} is ${before}`, isIn(before), 500);
  const rest = start + ms - clock.monotonic();
  await world.consistently(`Lease ${name} is ${before}`, isIn(before), rest - 600);
  await world.eventually(`Lease ${name} is ${after}`, isIn(after), 1_600);
}

/** A sharder that has watched Leases for long enough to judge everything. */
async function startJudge(world: World): Promise<void> {
  await world.setUp();
  world.startSharder();
  await world.isReady(0);
  await world.consistently("time passes", () => true, 40_000);
}

/** Gives a Secret and its ConfigMap to a shard by hand, as if they had been assigned before. */
async function giveTo(world: World, shard: string, name: string): Promise<void> {
  const labels = { [world.shardLabel]: shard };
  const { metadata } = await world.createSecret(name, labels);
  const owner = { apiVersion: "v1", kind: "Secret", name, uid: metadata.uid ?? "", controller: true };
  await world.configMaps.create({ metadata: { name: `checksums-${name}`, labels, ownerReferences: [owner] } });
}

/** What happens to shards' Leases along time. The Leases have L = 10 s, as in the protocol's rows. */
export const leases: readonly Behaviour[] = [
  {
    name:
      "a foreign shard's Lease is ready, expired after L, taken over after 2 L, given back, and deleted a minute after",
    needs: minutes,
    run: async (world) => {
      await startJudge(world);
      const history = await world.leaseHistory();
      await world.writeLease("shard-x");
      await world.eventually("it is ready", async () => await stateOf(world, "shard-x") === "ready shard-x", 1_000);
      await turns(world, "shard-x", "ready shard-x", 10_000, "expired shard-x");
      // Nothing belongs to it, so what was taken over is given back in the same moment.
      await turns(world, "shard-x", "expired shard-x", 10_000, "dead ");
      const taken: LeaseSight | undefined = history.of("shard-x").find(({ holder }) => holder === shardIdentity);
      assert.equal(taken?.duration, 20);
      assert.equal(taken?.transitions, 1);
      await turns(world, "shard-x", "dead ", 61_000, "gone");
    },
  },
  {
    name: "a Lease that proves the stop of its shard is taken over L + 2 s after its last change",
    needs: minutes,
    run: async (world) => {
      await startJudge(world);
      await world.writeLease("shard-x", { stopsAfter: 7 });
      await turns(world, "shard-x", "ready shard-x", 10_000, "expired shard-x");
      await turns(world, "shard-x", "expired shard-x", 2_000, "dead ");
    },
  },
  {
    name: "a proof that a foreign renewal has left behind does not count",
    needs: minutes,
    run: async (world) => {
      await startJudge(world);
      await world.writeLease("shard-x", { stopsAfter: 7, age: 1_000 });
      await world.eventually("it is ready", async () => await stateOf(world, "shard-x") === "ready shard-x", 1_000);
      await world.writeLease("shard-x");
      await turns(world, "shard-x", "ready shard-x", 10_000, "expired shard-x");
      await turns(world, "shard-x", "expired shard-x", 10_000, "dead ");
    },
  },
  {
    name: "a shard that renews late is ready again and keeps what it has",
    needs: minutes,
    run: async (world) => {
      await startJudge(world);
      await world.writeLease("shard-x");
      await giveTo(world, "shard-x", "foo");
      await turns(world, "shard-x", "ready shard-x", 10_000, "expired shard-x");
      await world.consistently(
        "it keeps its object",
        async () => await world.shardOf(world.secrets, "foo") === "shard-x",
        8_000,
      );
      await world.writeLease("shard-x");
      await world.eventually(
        "it is ready again",
        async () => await stateOf(world, "shard-x") === "ready shard-x",
        1_000,
      );
      assert.equal((await world.leases.get("shard-x")).spec?.leaseTransitions, 0);
    },
  },
  {
    name: "objects of a dead shard move only while its Lease is held, also a slow move, which renews the hold",
    needs: minutes,
    run: async (world) => {
      await startJudge(world);
      await world.writeLease("shard-x");
      for (let i = 0; i < 6; i++) await giveTo(world, "shard-x", `foo-${i}`);
      world.startShard("shard-a");
      await world.isReady(2);
      const [mains, lease] = [await world.labels(world.secrets), await world.leaseHistory()];
      // Each object's move fails for 25 s, which is longer than one take-over lasts.
      const start = world.stage.clock.monotonic();
      world.fault = ({ method, path }) =>
        method === "PATCH" && path.includes("/secrets/") && world.stage.clock.monotonic() - start < 60_000
          ? { type: "status", code: 500, reason: "InternalError" }
          : { type: "none" };
      await world.eventually(
        "all have moved",
        async () => [...(await world.shardsOf(world.secrets)).values()].every((shard) => shard === "shard-a"),
        120_000,
      );
      const taken = lease.when("shard-x", ({ holder }) => holder === shardIdentity);
      const back = lease.sights("shard-x").findLast(({ value }) => value.holder === "")?.at ?? Infinity;
      for (const name of mains.names) {
        const moved = mains.when(name, ({ shard }) => shard === "shard-a");
        assert.ok(moved >= taken && moved <= back, `${name} moved at ${moved}, held from ${taken} to ${back}`);
      }
      await world.eventually("the Lease is given back", async () => await stateOf(world, "shard-x") === "dead ", 5_000);
    },
  },
  {
    name:
      "a Lease that somebody deletes counts as not renewed: it is created again to be taken over, and objects move then",
    needs: minutes,
    run: async (world) => {
      await startJudge(world);
      await world.writeLease("shard-x");
      await giveTo(world, "shard-x", "foo");
      world.startShard("shard-a");
      await world.isReady(2);
      const [mains, lease] = [await world.labels(world.secrets), await world.leaseHistory()];
      const deleted = world.stage.clock.monotonic();
      await world.leases.delete("shard-x");
      await world.spread(["shard-a"], ["foo"], 40_000);
      const moved = mains.when("foo", ({ shard }) => shard === "shard-a") - deleted;
      assert.ok(moved >= 18_000 && moved <= 21_000, `moved after ${moved} ms`);
      const taken = lease.when("shard-x", ({ holder }) => holder === shardIdentity) - deleted;
      assert.ok(taken <= moved);
      await world.eventually("it is given back", async () => await stateOf(world, "shard-x") === "dead ", 5_000);
    },
  },
  {
    name: "a shard whose Lease is gone keeps what it has, gets nothing new, and is not counted",
    run: async (world) => {
      await world.setUp();
      world.startSharder();
      await world.writeLease("shard-x", { duration: 3_600 });
      await world.isReady(1);
      await world.createSecret("foo");
      await world.writeLease("shard-y", { duration: 3_600 });
      await world.isReady(2);
      await world.leases.delete("shard-x");
      await world.isReady(1);
      for (const name of ["a", "b", "c", "d", "e"]) {
        const { metadata } = await world.createSecret(name);
        assert.equal(metadata.labels?.[world.shardLabel], "shard-y");
      }
      assert.equal(await world.shardOf(world.secrets, "foo"), "shard-x");
    },
  },
  {
    name: "a shard whose Lease somebody deletes writes it again and goes on",
    run: async (world) => {
      await world.setUp();
      const { shards } = await world.startAll(["shard-a", "shard-b"]);
      const names = await world.createSecrets(6);
      await world.spread(["shard-a", "shard-b"], names);
      const mark = world.mark;
      await world.leases.delete("shard-b");
      await world.eventually("it is back", async () => await stateOf(world, "shard-b") === "ready shard-b", 5_000);
      assert.equal(shards.get("shard-b")?.state, "running");
      await world.consistently(
        "nothing moves",
        () => world.writes(mark).every(({ path }) => !path.includes("/secrets/")),
        1_000,
      );
      assert.ok(await world.isSpread(["shard-a", "shard-b"], names));
    },
  },
  {
    name: "a Lease with nonsense times is reported with a remedy, and ages by what was seen of it",
    needs: minutes,
    run: async (world) => {
      await startJudge(world);
      world.startShard("shard-a");
      await world.isReady(1);
      await world.leases.create({
        metadata: { name: "shard-x", labels: { [leaseRingLabel]: world.name } },
        spec: { holderIdentity: "shard-x" },
      });
      await world.eventually(
        "it is reported",
        async () => (await world.eventsOn(world.name)).includes("InvalidLease"),
        5_000,
      );
      assert.ok(world.logged(/the Lease of a shard has no usable times.*shard-x.*is missing/));
      // Without a duration it is 15 s.
      await world.eventually("it is taken over", async () => await stateOf(world, "shard-x") === "dead ", 31_000);
      await world.spread(["shard-a"], await world.createSecrets(3));
    },
  },
  {
    name: "a Lease that was renewed in the far future is taken over when it is silent, all the same",
    needs: minutes,
    run: async (world) => {
      await startJudge(world);
      await world.writeLease("shard-x", { age: -3_600_000 });
      await turns(world, "shard-x", "ready shard-x", 20_000, "dead ");
    },
  },
  {
    name: "a Lease that is held by a stranger is no shard, and is deleted a minute after it expired",
    needs: minutes,
    run: async (world) => {
      await startJudge(world);
      await world.writeLease("shard-x", { holder: "somebody" });
      await turns(world, "shard-x", "dead somebody", 70_000, "gone");
    },
  },
  {
    name: "an orphaned Lease is not deleted as long as an object carries its label",
    needs: minutes,
    run: async (world) => {
      await startJudge(world);
      await world.writeLease("shard-x", { holder: "" });
      await giveTo(world, "shard-x", "foo");
      // There is no other shard that could take the object.
      await world.consistently(
        "the Lease is kept",
        async () => await world.leases.find("shard-x") !== undefined,
        180_000,
      );
      world.startShard("shard-a");
      await world.spread(["shard-a"], ["foo"], 10_000);
      await world.eventually(
        "the Lease is deleted",
        async () => await world.leases.find("shard-x") === undefined,
        80_000,
      );
    },
  },
];
