import assert from "node:assert/strict";
import { leaseRingLabel, shardLabel, webhookPath } from "../../../lib/sharding/names.ts";
import type { Behaviour } from "../suite.ts";
import type { World } from "../world.ts";

const shards = ["shard-a", "shard-b", "shard-c"];

/** A request to create a Secret, as the API server sends it. */
function reviewOf(world: World, name: string): unknown {
  return {
    apiVersion: "admission.k8s.io/v1",
    kind: "AdmissionReview",
    request: {
      uid: `uid-of-${name}`,
      operation: "CREATE",
      resource: { group: "", version: "v1", resource: "secrets" },
      namespace: world.name,
      object: { apiVersion: "v1", kind: "Secret", metadata: { name, namespace: world.name } },
    },
  };
}

/** The main job: objects get their shard, and the shard does its work. */
export const assignment: readonly Behaviour[] = [
  {
    name: "Secrets get their shard at admission, and all shards are used",
    run: async (world) => {
      await world.setUp();
      await world.startAll(shards);
      const used = new Set<string>();
      for (let i = 0; i < 20; i++) {
        // What create() answers is what the webhook made of it.
        const { metadata } = await world.createSecret(`foo-${i}`);
        const shard = metadata.labels?.[world.shardLabel];
        assert.equal(shard, world.ownerAmong(shards, metadata.name));
        assert.equal(metadata.labels?.[world.drainLabel], undefined);
        used.add(shard ?? "");
      }
      assert.deepEqual([...used].sort(), shards);
    },
  },
  {
    name: "two replicas answer every admission in the same way",
    run: async (world) => {
      await world.setUp();
      const { sharder } = await world.startAll(shards);
      const second = world.startSharder("sharder-b");
      const probe = reviewOf(world, "probe");
      await world.eventually(
        "the second replica knows the ring",
        async () => JSON.stringify(await second.review(webhookPath(world.name), probe)).includes("JSONPatch"),
      );
      for (let i = 0; i < 50; i++) {
        const review = reviewOf(world, `foo-${i}`);
        const answer = await sharder.review(webhookPath(world.name), review);
        assert.deepEqual(await second.review(webhookPath(world.name), review), answer);
      }
    },
  },
  {
    name: "the responsible shard, and only it, creates the ConfigMap, which lands on the same shard",
    run: async (world) => {
      await world.setUp();
      await world.startAll(shards);
      const names = await world.createSecrets(12);
      await world.spread(shards, names);
      for (const name of names) {
        const child = `checksums-${name}`;
        const writes = world.writes().filter(({ created, path }) => created === child || path.endsWith(`/${child}`));
        const writers = writes.filter(({ process }) => process !== "sharder-a");
        assert.deepEqual(writers.map(({ process }) => process), [world.ownerAmong(shards, name)]);
        assert.equal(writers[0]?.failure, undefined);
      }
      const [first = ""] = names;
      const { metadata } = await world.configMaps.get(`checksums-${first}`);
      assert.deepEqual(metadata.ownerReferences?.map(({ kind, name }) => ({ kind, name })), [
        { kind: "Secret", name: first },
      ]);
    },
  },
  {
    name: "Secrets that were there before the ring are assigned",
    run: async (world) => {
      await world.setUp(null);
      const names = await world.createSecrets(8);
      world.startSharder();
      for (const shard of shards) world.startShard(shard);
      await world.createRing(world.name, world.spec());
      await world.spread(shards, names);
    },
  },
  {
    name: "Secrets that are created while the webhook is down are assigned within 2 s",
    run: async (world) => {
      await world.setUp();
      await world.startAll(shards);
      world.webhooks = "down";
      const names = Array.from({ length: 10 }, (_, index) => `foo-${index}`);
      for (const name of names) {
        const { metadata } = await world.createSecret(name);
        assert.equal(metadata.labels, undefined);
      }
      await world.eventually("all are assigned", async () => {
        const owners = await world.shardsOf(world.secrets);
        return names.every((name) => owners.get(name) === world.ownerAmong(shards, name));
      }, 2_000);
      await world.spread(shards, names, 2_000);
    },
  },
  {
    name: "a webhook that hangs costs a request its timeout and no more",
    run: async (world) => {
      await world.setUp();
      const { sharder } = await world.startAll(shards);
      assert.equal(sharder.state, "running");
      world.webhooks = "hanging";
      const { clock } = world.stage;
      const before = clock.monotonic();
      let took = Infinity;
      void world.createSecret("slow").then(() => took = clock.monotonic() - before);
      await world.eventually("the request passes", () => took < Infinity, 5_000);
      assert.ok(took < 3_500, `${took} ms`);
      world.webhooks = "up";
      await world.eventually(
        "it is assigned",
        async () => await world.shardOf(world.secrets, "slow") === world.ownerAmong(shards, "slow"),
        2_000,
      );
    },
  },
  {
    name: "an object with generateName gets its final name and its shard at admission",
    run: async (world) => {
      await world.setUp();
      await world.startAll(shards);
      for (let i = 0; i < 5; i++) {
        const { metadata } = await world.secrets.create({ metadata: { generateName: "foo-" } });
        assert.match(metadata.name, /^foo-.+/);
        assert.equal(metadata.labels?.[world.shardLabel], world.ownerAmong(shards, metadata.name));
      }
    },
  },
  {
    name: "a long generateName is named by the API server and assigned by the sharder within 2 s",
    run: async (world) => {
      await world.setUp();
      await world.startAll(shards);
      const { metadata } = await world.secrets.create({
        metadata: { generateName: `${"a-very-long-prefix-".repeat(3)}-` },
      });
      await world.eventually(
        "it is assigned",
        async () => await world.shardOf(world.secrets, metadata.name) === world.ownerAmong(shards, metadata.name),
        2_000,
      );
    },
  },
  {
    name: "objects of other namespaces and controlled objects without a controller are left alone",
    run: async (world) => {
      await world.setUp(null);
      const other = `${world.name}-other`;
      await world.createNamespace(other);
      const foreign = world.secrets.inNamespace(other);
      await foreign.create({ metadata: { name: "foo" } });
      await world.configMaps.create({ metadata: { name: "lonely" } });
      await world.createSecret("mine");
      await world.createRing(world.name, world.spec());
      await world.startAll(shards);
      await foreign.create({ metadata: { name: "bar" } });
      await world.configMaps.create({ metadata: { name: "late" } });
      await world.spread(shards, ["mine"]);
      assert.deepEqual(new Set((await world.shardsOf(foreign)).values()), new Set([undefined]));
      assert.equal(await world.shardOf(world.configMaps, "lonely"), undefined);
      assert.equal(await world.shardOf(world.configMaps, "late"), undefined);
    },
  },
  {
    name: "while no shard is available requests pass, and the first shard gets all objects",
    run: async (world) => {
      await world.setUp();
      world.startSharder();
      await world.isReady(0);
      const names = await world.createSecrets(5);
      assert.deepEqual(new Set((await world.shardsOf(world.secrets)).values()), new Set([undefined]));
      world.startShard("shard-a");
      await world.spread(["shard-a"], names);
    },
  },
  {
    name: "a Secret that is replaced from a template without labels keeps its shard",
    run: async (world) => {
      await world.setUp();
      await world.startAll(shards);
      // Another shard than the hash says, as while a move is under way or after one.
      const { metadata } = await world.createSecret("foo");
      const replaced = await world.secrets.replace({ metadata: { name: metadata.name }, data: { foo: "YmF6" } });
      assert.equal(replaced.metadata.labels?.[world.shardLabel], metadata.labels?.[world.shardLabel]);
    },
  },
  {
    name: "a controlled object with generateName gets the shard of its controller at admission",
    run: async (world) => {
      await world.setUp();
      await world.startAll(shards);
      const { metadata: { name, uid = "" } } = await world.createSecret("foo");
      const ownerReferences = [{ apiVersion: "v1", kind: "Secret", name, uid, controller: true }];
      const child = await world.configMaps.create({ metadata: { generateName: "child-", ownerReferences } });
      assert.equal(child.metadata.labels?.[world.shardLabel], world.ownerAmong(shards, "foo"));
      // An owner that does not control it does not count.
      const loose = ownerReferences.map(({ controller: _, ...reference }) => reference);
      const other = await world.configMaps.create({ metadata: { name: "loose", ownerReferences: loose } });
      assert.equal(other.metadata.labels?.[world.shardLabel], undefined);
    },
  },
  {
    name: "a dry run shows the shard and stores nothing",
    run: async (world) => {
      await world.setUp();
      await world.startAll(shards);
      const { metadata } = await world.secrets.create({ metadata: { name: "foo" } }, { dryRun: true });
      assert.equal(metadata.labels?.[world.shardLabel], world.ownerAmong(shards, "foo"));
      assert.equal(await world.secrets.find("foo"), undefined);
    },
  },
  {
    name: "an update of an object whose shard is gone passes, and its label is left to the sharder",
    run: async (world) => {
      await world.setUp();
      world.startSharder();
      await world.writeLease("shard-x", { duration: 3_600 });
      await world.isReady(1);
      await world.createSecret("foo");
      await world.writeLease("shard-x", { duration: 3_600, holder: "" });
      await world.isReady(0, 1);
      const patch = { metadata: { annotations: { some: "change" } } };
      const { metadata } = await world.secrets.patch("foo", { type: "merge", patch });
      assert.equal(metadata.labels?.[world.shardLabel], "shard-x");
      await world.writeLease("shard-y", { duration: 3_600 });
      await world.eventually(
        "it has moved",
        async () => await world.shardOf(world.secrets, "foo") === "shard-y",
        5_000,
      );
    },
  },
  {
    name: "an object can be in several rings, each with its own shard",
    run: async (world) => {
      await world.setUp();
      const second = `${world.name}-second`;
      await world.createRing(second, { ...world.spec(), resources: [{ group: "", resource: "secrets" }] });
      await world.startAll(["shard-a"]);
      await world.writeLease("shard-z", { duration: 3_600, ring: second });
      await world.isReady(1, 1, second);
      await world.isReady(1);
      const { metadata } = await world.createSecret("foo");
      assert.equal(metadata.labels?.[world.shardLabel], "shard-a");
      assert.equal(metadata.labels?.[shardLabel(second)], "shard-z");
      world.webhooks = "down";
      await world.createSecret("bar");
      await world.eventually("both rings find it", async () => {
        const { metadata: { labels = {} } } = await world.secrets.get("bar");
        return labels[world.shardLabel] === "shard-a" && labels[shardLabel(second)] === "shard-z";
      }, 2_000);
    },
  },
  {
    name: "a Lease of another ring is no shard of this one",
    run: async (world) => {
      await world.setUp();
      await world.startAll(["shard-a"]);
      await world.leases.create({
        metadata: { name: "shard-x", labels: { [leaseRingLabel]: "another-ring" } },
        spec: { holderIdentity: "shard-x", leaseDurationSeconds: 3_600, renewTime: "2100-01-01T00:00:00.000000Z" },
      });
      await world.consistently("the ring has one shard", async () => {
        const { status } = await world.rings.get(world.name);
        return status?.shards === 1;
      }, 500);
      const names = await world.createSecrets(5);
      await world.spread(["shard-a"], names);
    },
  },
];
