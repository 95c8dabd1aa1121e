import assert from "node:assert/strict";
import { namespaces } from "../../../lib/k8s/kinds/core.ts";
import { HashRing } from "../../../lib/sharding/hash_ring.ts";
import type { Behaviour } from "../suite.ts";
import { define, sharderVerbs } from "../widgets.ts";
import type { World } from "../world.ts";

const shards = ["shard-a", "shard-b"];

/** Is each of these Secrets with the shard that its name says? */
async function areAssigned(world: World, names: readonly string[], among = shards): Promise<boolean> {
  const owners = await world.shardsOf(world.secrets);
  return names.every((name) => owners.get(name) === world.ownerAmong(among, name));
}

/** What holds whatever happens (architecture, section 2). */
export const guarantees: readonly Behaviour[] = [
  {
    name: "a shard label that somebody removes is restored in the same request",
    run: async (world) => {
      await world.setUp();
      await world.startAll(shards);
      await world.createSecret("foo");
      const patch = { metadata: { labels: { [world.shardLabel]: null } } };
      const { metadata } = await world.secrets.patch("foo", { type: "merge", patch });
      assert.equal(metadata.labels?.[world.shardLabel], world.ownerAmong(shards, "foo"));
    },
  },
  {
    name: "a shard label that somebody removes while the webhook is down is restored within 2 s, with the child's",
    run: async (world) => {
      await world.setUp();
      await world.startAll(shards);
      const names = await world.createSecrets(4);
      await world.spread(shards, names);
      world.webhooks = "down";
      const patch = { metadata: { labels: { [world.shardLabel]: null } } };
      for (const name of names) await world.secrets.patch(name, { type: "merge", patch });
      await world.configMaps.patch("checksums-foo-0", { type: "merge", patch });
      await world.spread(shards, names, 2_000);
    },
  },
  {
    name: "a label that names no shard is repaired as soon as such labels can be judged",
    needs: { ability: "virtual time", why: "bogus labels are judged after 30 s only" },
    run: async (world) => {
      await world.setUp();
      await world.startAll(shards);
      await world.createSecret("early", { [world.shardLabel]: "bogus" });
      // It could be the label of a shard whose Lease was deleted just before the sharder came.
      await world.consistently(
        "it is left alone",
        async () => await world.shardOf(world.secrets, "early") === "bogus",
        25_000,
      );
      await world.eventually("it is repaired", () => areAssigned(world, ["early"]), 10_000);
      await world.createSecret("late", { [world.shardLabel]: "bogus", other: "label" });
      await world.eventually("it is repaired at once", () => areAssigned(world, ["late"]), 2_000);
      assert.equal((await world.secrets.get("late")).metadata.labels?.["other"], "label");
      const patch = { metadata: { labels: { [world.shardLabel]: "bogus" } } };
      await world.secrets.patch("early", { type: "merge", patch });
      await world.eventually("it is repaired at once", () => areAssigned(world, ["early"]), 2_000);
    },
  },
  {
    name: "a namespace that becomes part of the ring has its objects assigned within 2 s",
    run: async (world) => {
      await world.setUp(null);
      await world.createRing(world.name, { ...world.spec(), namespaceSelector: { matchLabels: { team: world.name } } });
      await world.startAll(shards);
      const names = await world.createSecrets(6);
      await world.consistently(
        "they are left alone",
        async () => [...(await world.shardsOf(world.secrets)).values()].every((shard) => shard === undefined),
        500,
      );
      await world.api(namespaces).patch(world.name, {
        type: "merge",
        patch: { metadata: { labels: { team: world.name } } },
      });
      await world.eventually("they are assigned", () => areAssigned(world, names), 2_000);
      await world.spread(shards, names);
    },
  },
  {
    name: "a namespace that is created later is part of the ring at once",
    run: async (world) => {
      await world.setUp(null);
      const later = `${world.name}-later`;
      await world.createRing(world.name, { ...world.spec(), namespaceSelector: { matchLabels: { team: world.name } } });
      await world.startAll(shards);
      await world.createNamespace(later, { team: world.name });
      const api = world.secrets.inNamespace(later);
      for (let i = 0; i < 5; i++) await api.create({ metadata: { name: `foo-${i}` } });
      const ring = new HashRing(shards);
      await world.eventually(
        "they are assigned",
        async () =>
          [...await world.shardsOf(api)].every(([name, shard]) => shard === ring.ownerOf(`/Secret/${later}/${name}`)),
        2_000,
      );
    },
  },
  {
    name: "objects of a cluster-scoped kind are assigned and moved",
    run: async (world) => {
      await world.setUp(null);
      const widgets = world.api(await define(world, "Cluster"));
      await world.createRing(world.name, {
        resources: [{ group: widgets.resource.group, resource: "widgets" }],
        namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": world.name } },
      });
      await widgets.create({ metadata: { name: "early" } });
      world.startSharder();
      for (const shard of shards) await world.writeLease(shard, { duration: 3_600 });
      await world.isReady(2);
      const { metadata } = await widgets.create({ metadata: { name: "late" } });
      const ring = new HashRing(shards);
      const ownerOf = (name: string): string | undefined => ring.ownerOf(`${widgets.resource.group}/Widget//${name}`);
      assert.equal(metadata.labels?.[world.shardLabel], ownerOf("late"));
      await world.eventually(
        "the early one is assigned too",
        async () => await world.shardOf(widgets, "early") === ownerOf("early"),
        2_000,
      );
      for (let i = 0; i < 6; i++) await widgets.create({ metadata: { name: `foo-${i}` } });
      await world.writeLease("shard-b", { duration: 3_600, holder: "" });
      await world.eventually(
        "all are with the other shard",
        async () => [...(await world.shardsOf(widgets)).values()].every((shard) => shard === "shard-a"),
        5_000,
      );
    },
  },
  {
    name: "Namespaces can be main objects: those that the ring selects are assigned, the others left alone",
    run: async (world) => {
      await world.setUp(null);
      await world.stage.grant(`namespaces-${world.name}`, [{
        apiGroups: [""],
        resources: ["namespaces"],
        verbs: sharderVerbs,
      }]);
      const mine = `${world.name}-mine`;
      await world.createNamespace(mine, { team: world.name });
      await world.createRing(world.name, {
        resources: [{ group: "", resource: "namespaces" }],
        namespaceSelector: { matchLabels: { team: world.name } },
      });
      world.startSharder();
      for (const shard of shards) await world.writeLease(shard, { duration: 3_600 });
      await world.isReady(2);
      const ring = new HashRing(shards);
      const api = world.api(namespaces);
      await world.eventually(
        "it is assigned",
        async () => await world.shardOf(api, mine) === ring.ownerOf(`/Namespace//${mine}`),
        3_000,
      );
      const later = `${world.name}-later`;
      await world.createNamespace(later, { team: world.name });
      await world.eventually(
        "the new one is assigned",
        async () => await world.shardOf(api, later) === ring.ownerOf(`/Namespace//${later}`),
        3_000,
      );
      for (const other of ["default", "kube-system", world.name]) {
        assert.equal(await world.shardOf(api, other), undefined, other);
      }
    },
  },
  {
    name: "the children of a draining object stay where they are, and follow within 1 s of the acknowledgement",
    run: async (world) => {
      await world.setUp();
      world.startSharder();
      // A shard that works, but does not let go before the test does so in its name.
      await world.writeLease("shard-x", { duration: 3_600 });
      await world.isReady(1);
      const name = ["foo", "bar", "baz", "qux", "quux"].find((name) =>
        world.ownerAmong(["shard-a", "shard-x"], name) === "shard-a"
      );
      assert.ok(name !== undefined);
      const { metadata } = await world.createSecret(name);
      const owner = { apiVersion: "v1", kind: "Secret", name, uid: metadata.uid ?? "", controller: true };
      await world.configMaps.create({ metadata: { name: `checksums-${name}`, ownerReferences: [owner] } });
      assert.equal(await world.shardOf(world.configMaps, `checksums-${name}`), "shard-x");
      const children = await world.labels(world.configMaps);
      world.startShard("shard-a");
      await world.eventually(
        "it is asked to let go",
        async () => (await world.secrets.get(name)).metadata.labels?.[world.drainLabel] !== undefined,
      );
      const patience = world.stage.time === "real" ? 1_000 : 120_000;
      await world.consistently("both stay", async () =>
        await world.shardOf(world.secrets, name) === "shard-x" &&
        await world.shardOf(world.configMaps, `checksums-${name}`) === "shard-x", patience);
      const patch = { metadata: { labels: { [world.shardLabel]: null, [world.drainLabel]: null } } };
      const acknowledged = await world.secrets.patch(name, { type: "merge", patch });
      assert.equal(acknowledged.metadata.labels?.[world.shardLabel], "shard-a");
      await world.eventually(
        "the child follows",
        async () => await world.shardOf(world.configMaps, `checksums-${name}`) === "shard-a",
        1_000,
      );
      await world.eventually("all is told", () => children.of(`checksums-${name}`).length === 2);
    },
  },
  {
    name: "a settled system writes nothing but Leases for ten minutes, and then still works",
    needs: { ability: "virtual time", why: "it lasts eleven minutes" },
    run: async (world) => {
      world.pace = "usual";
      await world.setUp();
      const { sharder } = await world.startAll(shards, { syncPeriod: "2m" });
      world.startSharder("sharder-b");
      const names = await world.createSecrets(10);
      await world.spread(shards, names);
      // The late look at the last change.
      await world.consistently("time passes", () => true, 60_000);
      const mark = world.mark;
      const { clock } = world.stage;
      const end = clock.monotonic() + 600_000;
      await world.eventually("ten minutes have passed", () => clock.monotonic() >= end - 1_000, 600_000);
      assert.deepEqual(world.writes(mark), []);
      // Leases are renewed by whoever holds them, and by nobody else.
      const renewed = world.traffic.slice(mark).filter(({ method }) => method !== "GET");
      assert.ok(renewed.every(({ path, process }) => path.endsWith(process) || process === sharder.name));
      await world.createSecret("last");
      await world.spread(shards, ["last"], 2_000);
    },
  },
  {
    name: "a ring that names a resource which does not exist says so, does not disturb others, and works when it comes",
    run: async (world) => {
      await world.setUp();
      const odd = `${world.name}-odd`;
      const group = `${world.name}.example.com`;
      await world.createRing(odd, { ...world.spec(), resources: [{ group, resource: "widgets" }] });
      await world.startAll(shards);
      await world.spread(shards, await world.createSecrets(3));
      await world.eventually(
        "the log names the resource and the remedy",
        () => world.logged(new RegExp(`"?widgets\\.${group}.*CustomResourceDefinition`)),
      );
      await world.writeLease("shard-x", { duration: 3_600, ring: odd });
      const widgets = world.api(await define(world, "Namespaced")).inNamespace(world.name);
      await widgets.create({ metadata: { name: "foo" } });
      // It is looked for again with growing pauses from 5 s.
      await world.eventually(
        "it is assigned",
        async () =>
          (await widgets.get("foo")).metadata.labels?.[`shard.alpha.sharding.timebertt.dev/${odd}`] === "shard-x",
        25_000,
      );
    },
  },
  {
    name: "more objects than can be told one by one are assigned all the same",
    needs: { ability: "virtual time", why: "a thousand writes take longer than the rest lasts" },
    run: async (world) => {
      await world.setUp();
      world.startSharder();
      for (const shard of shards) await world.writeLease(shard, { duration: 3_600 });
      await world.isReady(2);
      await world.consistently("the look after their joining is over", () => true, 2_000);
      world.webhooks = "down";
      const names = await world.createSecrets(1_100);
      // Looking after each step at all of them would take longer than all the rest.
      await world.consistently("time passes", () => true, 5_000);
      assert.ok(await areAssigned(world, names));
      assert.ok(world.logged(/pass ended.*kind=ownerless/), world.logs.join("\n"));
    },
  },
  {
    name: "missing permissions are named in the log: which verb on which resource for which user",
    run: async (world) => {
      await world.setUp();
      const poor = `${world.name}-poor`;
      await world.createRing(poor, { ...world.spec(), resources: [{ group: "apps", resource: "deployments" }] });
      if (!world.stage.authorizes) {
        world.fault = ({ path }) => path.includes("/deployments") ? forbidden : { type: "none" };
      }
      await world.startAll(shards);
      await world.writeLease("shard-x", { duration: 3_600, ring: poor });
      // Quotes are escaped in the log.
      const words = world.stage.authorizes
        ? /system:serviceaccount:sharding-system:sharder\W+cannot (list|watch) resource \W+deployments\W+ in API group \W+apps/
        : /GET \/apis\/apps\/v1\/.*deployments: Forbidden \(403\)/;
      await world.eventually("the log says so", () => world.logged(words), 15_000);
      await world.spread(shards, await world.createSecrets(3));
    },
  },
];

const forbidden = { type: "status", code: 403, reason: "Forbidden" } as const;
