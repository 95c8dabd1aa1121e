import assert from "node:assert/strict";
import { leases } from "../../../lib/k8s/kinds/coordination.ts";
import { leaseNamespacesAnnotation, leaseRingLabel, leaseStateLabel } from "../../../lib/sharding/names.ts";
import { formatMicroTime } from "../../../lib/util/micro_time.ts";
import type { Behaviour } from "../suite.ts";
import type { Labels, World } from "../world.ts";

/** Shards are lost after silences of 15 s and more, with the Lease that they have by default. */
const minutes = { ability: "virtual time", why: "it takes minutes" } as const;

const takeOver = "shardlease-controller";
const two = ["shard-a", "shard-b"];
const three = [...two, "shard-c"];
const four = [...three, "shard-d"];

/** When the first object came to another shard, in milliseconds of the stage's clock. */
function firstMove(mains: Labels, from: readonly string[], names: readonly string[]): number {
  const moves = names.map((name) => {
    const sights = mains.sights(name);
    const left = sights.findIndex(({ value: { shard } }) => shard !== undefined && from.includes(shard));
    const gone = left < 0 ? undefined : sights.slice(left).find(({ value: { shard } }) => !from.includes(shard ?? ""));
    return gone?.at ?? Infinity;
  });
  return Math.min(...moves);
}

/** How often an object came from one shard to another. */
function movesOf(mains: Labels, name: string): number {
  const shards = mains.of(name).map(({ shard }) => shard).filter((shard) => shard !== undefined);
  return shards.filter((shard, index) => index > 0 && shard !== shards[index - 1]).length;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}

async function pass(world: World, ms: number): Promise<void> {
  await world.consistently("time passes", () => true, ms);
}

/** Reasons of the ring's conditions of a type that hold, as "reason: message". */
async function condition(world: World, type: string): Promise<string | undefined> {
  const { status } = await world.rings.get(world.name);
  const found = status?.conditions?.find((condition) => condition.type === type && condition.status === "True");
  return found === undefined ? undefined : `${found.reason}: ${found.message}`;
}

/** A world with the usual Leases, shards that have settled, and Secrets with their ConfigMaps. */
async function settled(world: World, shards: readonly string[], count: number): Promise<{
  readonly processes: Awaited<ReturnType<World["startAll"]>>;
  readonly names: string[];
  readonly mains: Labels;
}> {
  world.pace = "usual";
  await world.setUp();
  const processes = await world.startAll(shards);
  const names = await world.createSecrets(count);
  await world.spread(shards, names);
  await pass(world, 20_000);
  return { processes, names, mains: await world.labels(world.secrets) };
}

/** Writes a Lease with this name in a namespace, as of now. */
async function leaseIn(world: World, namespace: string, name: string, ring = world.name): Promise<void> {
  const time = formatMicroTime(world.stage.clock.now());
  const spec = {
    holderIdentity: name,
    leaseDurationSeconds: 15,
    acquireTime: time,
    renewTime: time,
    leaseTransitions: 0,
  };
  const metadata = { name, labels: { [leaseRingLabel]: ring } };
  const api = world.api(leases).inNamespace(namespace);
  if (await api.find(name) === undefined) await api.create({ metadata, spec });
  else await api.patch(name, { type: "merge", patch: { metadata: { labels: metadata.labels }, spec } });
}

/** How shards join, are lost, and come back. */
export const membership: readonly Behaviour[] = [
  ...[0, 700, 1_400].map((pause): Behaviour => ({
    name: `a shard of ours that is killed loses its first object within 18 s, and all within 19 s (${pause} ms later)`,
    needs: minutes,
    run: async (world) => {
      const { processes, names, mains } = await settled(world, three, 30);
      await pass(world, pause);
      const { clock } = world.stage;
      const lease = await world.leases.get("shard-c");
      const killed = clock.monotonic();
      const renewed = killed - (clock.now() - Date.parse(lease.spec?.renewTime ?? ""));
      await processes.shards.get("shard-c")?.crash();
      await world.spread(two, names, 25_000);
      const first = firstMove(mains, ["shard-c"], names);
      assert.ok(first >= renewed + 17_000, `first move ${first - renewed} ms after the renewal`);
      assert.ok(first <= killed + 18_000, `first move ${first - killed} ms after the kill`);
      assert.ok(clock.monotonic() <= killed + 19_000, `all moved ${clock.monotonic() - killed} ms after the kill`);
      const creates = world.traffic.filter(({ method, path }) => method === "POST" && path.endsWith("/configmaps"));
      assert.deepEqual(creates.filter(({ failure }) => failure !== undefined), []);
    },
  })),
  {
    name: "a foreign shard that falls silent loses its first object at 2 L, and not before",
    needs: minutes,
    run: async (world) => {
      world.pace = "usual";
      await world.setUp();
      world.startSharder();
      world.startShard("shard-a");
      await world.writeLease("shard-x", { duration: 15 });
      await world.isReady(2);
      const names = await world.createSecrets(20);
      const mains = await world.labels(world.secrets);
      await pass(world, 5_000);
      await world.writeLease("shard-x", { duration: 15 });
      const silent = world.stage.clock.monotonic();
      await world.settle(["shard-a"], names, 40_000);
      const first = firstMove(mains, ["shard-x"], names) - silent;
      assert.ok(first >= 30_000 && first <= 31_500, `first move after ${first} ms`);
    },
  },
  {
    name: "a shard that comes back under its name after its objects have moved joins at once",
    needs: minutes,
    run: async (world) => {
      const { processes, names } = await settled(world, two, 20);
      await processes.shards.get("shard-b")?.crash();
      await world.spread(["shard-a"], names, 25_000);
      await world.eventually(
        "its Lease is given back",
        async () => (await world.leases.get("shard-b")).spec?.holderIdentity !== takeOver,
        3_000,
      );
      world.startShard("shard-b");
      await world.isReady(2);
      await world.spread(two, names, 5_000);
    },
  },
  {
    name: "a replica that becomes the leader goes on with what it has seen: a lost shard's objects move in time",
    needs: minutes,
    run: async (world) => {
      world.pace = "usual";
      await world.setUp();
      const { sharder, shards } = await world.startAll(two);
      world.startSharder("sharder-b");
      const names = await world.createSecrets(20);
      await world.spread(two, names);
      await pass(world, 30_000);
      const killed = world.stage.clock.monotonic();
      await shards.get("shard-b")?.crash();
      await sharder.crash();
      await world.spread(["shard-a"], names, 25_000);
      const ms = world.stage.clock.monotonic() - killed;
      assert.ok(ms <= 20_000, `all moved after ${ms} ms`);
    },
  },
  {
    name: "a sharder that could not see Leases judges nobody until it has watched them for L again",
    needs: minutes,
    run: async (world) => {
      const { processes, names, mains } = await settled(world, three, 20);
      const { clock } = world.stage;
      let isBlind = true;
      world.fault = ({ method, path }, process) =>
        isBlind && method === "GET" && process.includes("sharder") && path === "/apis/coordination.k8s.io/v1/leases"
          ? { type: "refused" }
          : { type: "none" };
      // The watch that is open ends by itself.
      await world.eventually("it is blind", () => world.logged(/watch fails.*leases/), 120_000);
      await processes.shards.get("shard-c")?.crash();
      await pass(world, 60_000);
      const lease = await world.leaseHistory();
      isBlind = false;
      const seeing = clock.monotonic();
      await world.spread(two, names, 90_000);
      // It tries again with growing pauses.
      const watched =
        world.traffic.find(({ process, path, at, failure }) =>
          process.includes("sharder") && path.endsWith("/v1/leases") && at >= seeing && failure === undefined
        )?.at ?? NaN;
      for (const name of three) {
        const taken = lease.when(name, ({ holder }) => holder === takeOver) - watched;
        if (name !== "shard-c") assert.ok(Number.isNaN(taken), `${name} was taken over after ${taken} ms`);
        else assert.ok(taken >= 15_000 && taken <= 18_000, `${name} was taken over after ${taken} ms`);
      }
      assert.ok(firstMove(mains, ["shard-c"], names) >= watched + 15_000);
      assert.equal(firstMove(mains, two, names), Infinity);
    },
  },
  {
    name: "the first shards of a ring wait for each other: none is given what another has to have, and all within 2 s",
    run: async (world) => {
      await world.setUp();
      const joinWindow = world.stage.time === "real" ? { leases: { joinWindow: "1s" } } : {};
      world.startSharder("sharder-a", joinWindow);
      await world.isReady(0);
      const names = await world.createSecrets(30);
      const mains = await world.labels(world.secrets);
      const { clock } = world.stage;
      await world.writeLease("shard-a", { duration: 3_600 });
      const joined = clock.monotonic();
      await pass(world, 300);
      await world.writeLease("shard-b", { duration: 3_600 });
      await world.writeLease("shard-c", { duration: 3_600 });
      // In real time a machine that is busy may be late.
      if (world.stage.time === "virtual") {
        assert.equal((await world.createSecret("early")).metadata.labels?.[world.shardLabel], undefined);
        names.push("early");
      }
      await world.settle(three, names, world.stage.time === "virtual" ? joined + 2_000 - clock.monotonic() : 10_000);
      await world.isReady(3);
      await world.eventually("all is told", () => names.every((name) => mains.of(name).length > 0));
      assert.equal(sum(names.map((name) => movesOf(mains, name))), 0);
      const late = await world.createSecret("late");
      assert.equal(late.metadata.labels?.[world.shardLabel], world.ownerAmong(three, "late"));
    },
  },
  {
    name: "shards that join within a moment are one pass: no object is asked to move twice",
    run: async (world) => {
      await world.setUp();
      await world.startAll(["shard-a"]);
      const names = await world.createSecrets(20);
      await world.spread(["shard-a"], names);
      await pass(world, 1_000);
      const mains = await world.labels(world.secrets);
      for (const name of ["shard-b", "shard-c", "shard-d"]) {
        world.startShard(name);
        if (world.stage.time === "virtual") await pass(world, 400);
      }
      await world.spread(four, names);
      if (world.stage.time === "real") return; // Starting them may take longer than the window.
      await world.eventually("all is told", () => names.every((name) => mains.of(name).length > 0));
      for (const name of names) assert.ok(movesOf(mains, name) <= 1, JSON.stringify(mains.of(name)));
    },
  },
  {
    name: "a shard that leaves right after another has joined loses its objects at once, to the right shards",
    needs: { ability: "virtual time", why: "it is about moments" },
    run: async (world) => {
      const { processes, names, mains } = await settled(world, three, 40);
      world.startShard("shard-d");
      await world.isReady(4);
      const left = world.stage.clock.monotonic();
      await processes.shards.get("shard-a")?.stop();
      const rest = ["shard-b", "shard-c", "shard-d"];
      const orphans = names.filter((name) => world.ownerAmong(three, name) === "shard-a");
      await world.settle(rest, orphans, left + 2_000 - world.stage.clock.monotonic());
      await world.spread(rest, names);
      for (const name of orphans) {
        assert.equal(movesOf(mains, name), 1, JSON.stringify(mains.of(name)));
        assert.ok(mains.of(name).every(({ draining }) => !draining), "it was asked to let go as it went");
      }
    },
  },
  {
    name: "a rolling update moves objects only where the ring does: what joins and what leaves is one step",
    needs: { ability: "virtual time", why: "it is about moments" },
    run: async (world) => {
      const { processes, names, mains } = await settled(world, three, 60);
      let members = three;
      let wanted = 0;
      const steps = [["shard-a", "shard-d"], ["shard-b", "shard-e"], ["shard-c", "shard-f"]] as const;
      for (const [index, [leaves, joins]] of steps.entries()) {
        const before = members;
        members = [...members.filter((name) => name !== leaves), joins];
        wanted += names.filter((name) => world.ownerAmong(before, name) !== world.ownerAmong(members, name)).length;
        world.startShard(joins);
        // Those that have left are remembered for a minute.
        await world.isReady(4, 4 + index);
        await pass(world, 300);
        await processes.shards.get(leaves)?.stop();
        await world.spread(members, names);
        // Until late looks have ended.
        await pass(world, 15_000);
      }
      const moves = sum(names.map((name) => movesOf(mains, name)));
      assert.equal(moves, wanted);
      const drains = names.flatMap((name) => mains.of(name).filter(({ draining }) => draining));
      assert.ok(drains.length < wanted, "what had nobody any more was asked to be let go of");
    },
  },
  {
    name: "a shard that keeps its Lease when it stops, and is back within its duration, loses nothing",
    needs: { ability: "virtual time", why: "it needs the usual Leases" },
    run: async (world) => {
      const { names, mains } = await settled(world, ["shard-a"], 20);
      const stays = world.startShard("shard-b", { releaseOnStop: false });
      await world.spread(two, names);
      await pass(world, 5_000);
      const before = names.map((name) => movesOf(mains, name));
      await stays.stop();
      await pass(world, 8_000);
      world.startShard("shard-b", { releaseOnStop: false });
      names.push(...await world.createSecrets(10, "late"));
      await world.spread(two, names);
      await pass(world, 60_000);
      assert.deepEqual(names.slice(0, 20).map((name) => movesOf(mains, name)), before);
    },
  },
  {
    name: "a sharder that has just started gives nothing to shards that are late, and takes none over at once",
    needs: minutes,
    run: async (world) => {
      const { processes, names, mains } = await settled(world, two, 20);
      await processes.sharder.stop();
      await processes.shards.get("shard-b")?.crash();
      await pass(world, 120_000);
      const started = world.stage.clock.monotonic();
      world.startSharder("sharder-b");
      await world.eventually("it answers", async () => {
        const { metadata } = await world.createSecret(`probe-${world.stage.clock.monotonic()}`);
        return metadata.labels?.[world.shardLabel] !== undefined;
      });
      for (const name of await world.createSecrets(10, "late")) {
        assert.equal(await world.shardOf(world.secrets, name), "shard-a");
      }
      await world.spread(["shard-a"], names, 30_000);
      const first = firstMove(mains, ["shard-b"], names) - started;
      assert.ok(first >= 17_000 && first <= 20_000, `first move after ${first} ms`);
    },
  },
  {
    name: "most shards lost at once are waited for 2 L longer, which the ring says; then their objects move",
    needs: minutes,
    run: async (world) => {
      const { processes, names, mains } = await settled(world, four, 30);
      const lost = ["shard-b", "shard-c", "shard-d"];
      const killed = world.stage.clock.monotonic();
      for (const name of lost) await processes.shards.get(name)?.crash();
      await world.eventually(
        "the ring says so",
        async () => /^ShardsSilent: .*shard-b, shard-c, shard-d\./.test(await condition(world, "MassLoss") ?? ""),
        20_000,
      );
      await world.spread(["shard-a"], names, 60_000);
      const first = firstMove(mains, lost, names) - killed;
      assert.ok(first >= 44_000 && first <= 48_000, `first move after ${first} ms`);
      await world.eventually(
        "it says so no more",
        async () => await condition(world, "MassLoss") === undefined,
        15_000,
      );
    },
  },
  {
    name: "shards that come back from a mass loss keep their objects",
    needs: minutes,
    run: async (world) => {
      const { processes, names, mains } = await settled(world, three, 30);
      // Only their Leases: the shards are cut off, and stop.
      for (const name of two) await processes.shards.get(name)?.crash();
      await pass(world, 25_000);
      for (const name of two) world.startShard(name);
      await world.isReady(3);
      await pass(world, 30_000);
      assert.deepEqual(names.filter((name) => movesOf(mains, name) > 0), []);
      assert.ok(await world.isSpread(three, names));
      assert.equal(await condition(world, "MassLoss"), undefined);
    },
  },
  {
    name: "as many new shards end the wait for those that were lost, also when all are renamed at once",
    needs: minutes,
    run: async (world) => {
      const { processes, names } = await settled(world, three, 30);
      for (const name of three) await processes.shards.get(name)?.crash();
      const next = ["shard-x", "shard-y", "shard-z"];
      const killed = world.stage.clock.monotonic();
      await pass(world, 3_000);
      for (const name of next) world.startShard(name);
      await world.spread(next, names, 25_000);
      const ms = world.stage.clock.monotonic() - killed;
      assert.ok(ms <= 20_000, `all moved after ${ms} ms`);
    },
  },
  {
    name: "a ring's annotation keeps Leases of other namespaces out: they get nothing, are named, and left alone",
    run: async (world) => {
      await world.setUp(null);
      const alien = `${world.name}-alien`;
      await world.createNamespace(alien);
      await world.createRing(world.name, world.spec());
      const annotations = { [leaseNamespacesAnnotation]: world.name };
      await world.rings.patch(world.name, { type: "merge", patch: { metadata: { annotations } } });
      await world.startAll(two);
      await leaseIn(world, alien, "shard-m");
      await leaseIn(world, alien, "shard-a");
      await world.eventually(
        "the ring names them",
        async () => (await condition(world, "ShardNamesUnusable"))?.startsWith("ForeignNamespace: ") === true,
        15_000,
      );
      const names = await world.createSecrets(20);
      await world.spread(two, names);
      const found = await world.api(leases).inNamespace(alien).list();
      assert.equal(found.items.length, 2);
      assert.ok(found.items.every(({ metadata }) => metadata.labels?.[leaseStateLabel] === undefined));
      if (world.stage.time === "real") return;
      // A label with such a name is bogus, as soon as labels can be judged; their Leases are never touched.
      await pass(world, 60_000);
      await world.createSecret("claimed", { [world.shardLabel]: "shard-m" });
      await world.settle(two, ["claimed"], 3_000);
      await pass(world, 120_000);
      const after = await world.api(leases).inNamespace(alien).list();
      assert.deepEqual(
        after.items.map(({ metadata }) => metadata.resourceVersion),
        found.items.map(({ metadata }) => metadata.resourceVersion),
      );
      for (const { metadata } of after.items) await world.api(leases).inNamespace(alien).delete(metadata.name);
      await world.eventually(
        "all is well again",
        async () => await condition(world, "ShardNamesUnusable") === undefined,
        15_000,
      );
    },
  },
  {
    name: "a sharder that is told the namespaces of Leases reads no others, and needs no right to",
    needs: { ability: "virtual time", why: "labels are judged after 30 s only" },
    run: async (world) => {
      await world.setUp(null);
      const [other, alien] = [`${world.name}-other`, `${world.name}-alien`];
      for (const name of [other, alien]) await world.createNamespace(name);
      await world.createRing(world.name, world.spec());
      world.fault = ({ path }, process) =>
        process.includes("sharder") && path === "/apis/coordination.k8s.io/v1/leases"
          ? { type: "status", code: 403, reason: "Forbidden" }
          : { type: "none" };
      world.startSharder("sharder-a", { leases: { namespaces: [world.name, other] } });
      world.startShard("shard-a");
      await leaseIn(world, other, "shard-b");
      await leaseIn(world, alien, "shard-m");
      await world.isReady(2);
      await world.settle(two, await world.createSecrets(20));
      // 2 L, in which the foreign shard renews.
      for (let i = 0; i < 4; i++) {
        await pass(world, 10_000);
        await leaseIn(world, other, "shard-b");
      }
      await world.createSecret("claimed", { [world.shardLabel]: "shard-m" });
      await world.settle(two, ["claimed"], 3_000);
      const reads = world.traffic.filter(({ process, path }) => process.includes("sharder") && path.includes(alien));
      assert.deepEqual(reads.filter(({ path }) => path.includes("leases")), []);
    },
  },
  {
    name: "of two Leases with one name the older counts, which the ring says, until one is gone",
    run: async (world) => {
      await world.setUp();
      // Before the other by its name, so that only its age speaks for the first.
      const alien = `a-${world.name}`;
      await world.createNamespace(alien);
      await world.startAll(two);
      // Ages are known to the second.
      await pass(world, 1_100);
      await leaseIn(world, alien, "shard-b", world.name);
      await world.eventually(
        "the ring names both",
        async () =>
          (await condition(world, "ShardNamesUnusable"))?.includes(`shard-b (in ${world.name}, also in ${alien})`) ===
            true,
        15_000,
      );
      const names = await world.createSecrets(10);
      await world.spread(two, names);
      await world.api(leases).inNamespace(alien).delete("shard-b");
      await world.eventually(
        "all is well again",
        async () => await condition(world, "ShardNamesUnusable") === undefined,
        15_000,
      );
      assert.ok(await world.isSpread(two, names));
    },
  },
  {
    name: "objects of a shard that went over to another ring move when it must have stopped working on them",
    needs: minutes,
    run: async (world) => {
      await world.setUp();
      const other = `${world.name}-other`;
      await world.createRing(other, { ...world.spec(), resources: [] });
      world.startSharder();
      world.startShard("shard-a");
      await leaseIn(world, world.name, "shard-b");
      await world.isReady(2);
      const names = await world.createSecrets(20);
      const mains = await world.labels(world.secrets);
      await world.settle(two, names);
      for (let i = 0; i < 4; i++) {
        await pass(world, 10_000);
        await leaseIn(world, world.name, "shard-b");
      }
      const gone = world.stage.clock.monotonic();
      // It keeps its name, and renews for another ring from now on.
      for (let i = 0; i < 4; i++) {
        await leaseIn(world, world.name, "shard-b", other);
        await pass(world, 8_000);
      }
      await world.settle(["shard-a"], names, 3_000);
      const first = firstMove(mains, ["shard-b"], names) - gone;
      assert.ok(first >= 29_000, `first move after ${first} ms`);
      assert.equal((await world.leases.get("shard-b")).spec?.holderIdentity, "shard-b");
    },
  },
];
