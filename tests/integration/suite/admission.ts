import assert from "node:assert/strict";
import pMap from "p-map";
import { createAuthority } from "../../../lib/certificates/issue.ts";
import type { Api } from "../../../lib/k8s/api/api.ts";
import { isConflict } from "../../../lib/k8s/errors.ts";
import { namespaces } from "../../../lib/k8s/kinds/core.ts";
import type { KubeObject } from "../../../lib/k8s/types.ts";
import { HashRing } from "../../../lib/sharding/hash_ring.ts";
import { jsonOf } from "../stage.ts";
import type { Behaviour } from "../suite.ts";
import { define } from "../widgets.ts";
import type { World } from "../world.ts";

const shards = ["shard-a", "shard-b"];
const three = [...shards, "shard-c"];

/** G2: for so long may an object be without an owner, in milliseconds. */
const patience = 2_000;

/** Shards that work, but let go of nothing before the test does so in their name. */
async function writeShards(world: World, names: readonly string[]): Promise<void> {
  for (const name of names) await world.writeLease(name, { duration: 3_600 });
}

/** The labels of a Secret's new version, as who replaces it from a template sends them. */
async function replace(world: World, name: string, labels?: Record<string, string>): Promise<string | undefined> {
  const metadata = labels === undefined ? { name } : { name, labels };
  const { metadata: replaced } = await world.secrets.replace({ metadata, data: { foo: "YmF6" } });
  return replaced.labels?.[world.shardLabel];
}

/** A name of a Secret that the second shard of these gets, but the first would have without it. */
function nameThatMoves(world: World, before: readonly string[], after: readonly string[]): string {
  const names = Array.from({ length: 100 }, (_, index) => `moving-${index}`);
  const name = names.find((name) => world.ownerAmong(before, name) !== world.ownerAmong(after, name));
  assert.ok(name !== undefined);
  return name;
}

/** The shards that a family has as soon as it is created. */
interface FamilyShards {
  readonly widget: string | undefined;
  readonly child: string | undefined;
}

/** Widgets in no namespace, each with a ConfigMap in the world's. */
interface Families {
  readonly widgets: Api<KubeObject>;
  /** The shard to which a widget belongs among these. */
  ownerOf(name: string, among: readonly string[]): string | undefined;
  /** The shard of its ConfigMap by the reference's key. */
  referenceOwnerOf(name: string, among: readonly string[]): string | undefined;
  create(name: string): Promise<FamilyShards>;
  /** Is each family together on the shard of the widget? */
  areTogether(names: readonly string[], among: readonly string[]): Promise<boolean>;
}

async function clusterScopedFamilies(world: World): Promise<Families> {
  const widgets = world.api(await define(world, "Cluster"));
  const { group } = widgets.resource;
  await world.createRing(world.name, {
    resources: [{ group, resource: "widgets", controlledResources: [{ group: "", resource: "configmaps" }] }],
    namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": world.name } },
  });
  const ownerOf = (name: string, among: readonly string[]): string | undefined =>
    new HashRing(among).ownerOf(`${group}/Widget//${name}`);
  return {
    widgets,
    ownerOf,
    referenceOwnerOf: (name, among) => new HashRing(among).ownerOf(`${group}/Widget/${world.name}/${name}`),
    async create(name): Promise<FamilyShards> {
      const { metadata } = await widgets.create({ metadata: { name } });
      const owner = { apiVersion: `${group}/v1`, kind: "Widget", name, uid: metadata.uid ?? "", controller: true };
      const child = await world.configMaps.create({ metadata: { name: `of-${name}`, ownerReferences: [owner] } });
      return { widget: metadata.labels?.[world.shardLabel], child: child.metadata.labels?.[world.shardLabel] };
    },
    async areTogether(names, among): Promise<boolean> {
      const [mains, children] = [await world.shardsOf(widgets), await world.shardsOf(world.configMaps)];
      return names.every((name) => {
        const owner = ownerOf(name, among);
        return mains.get(name) === owner && children.get(`of-${name}`) === owner;
      });
    },
  };
}

/** A ring of cluster-scoped Widgets with ConfigMaps, a sharder, and two shards that are written by hand. */
async function startFamilies(world: World, settings: { readonly referenceKeys?: boolean } = {}): Promise<Families> {
  await world.setUp(null);
  const families = await clusterScopedFamilies(world);
  world.startSharder("sharder-a", settings);
  await writeShards(world, shards);
  await world.isReady(2);
  return families;
}

/** Names of widgets, some of which have children that are elsewhere by the reference's key. */
function namesOf(families: Families): string[] {
  const names = Array.from({ length: 8 }, (_, index) => `foo-${index}`);
  assert.ok(names.some((name) => families.ownerOf(name, shards) !== families.referenceOwnerOf(name, shards)));
  return names;
}

/** Acknowledges drains in the name of the shards, as often as there are any. */
async function acknowledgeDrains(world: World, api: Api<KubeObject>): Promise<number> {
  const { items } = await api.asMetadata().list({ labelSelector: world.drainLabel });
  const patch = { metadata: { labels: { [world.shardLabel]: null, [world.drainLabel]: null } } };
  for (const { metadata } of items) await api.patch(metadata.name, { type: "merge", patch });
  return items.length;
}

/** What the webhook does with all kinds of requests (architecture, section 3, "Admission"). */
export const admission: readonly Behaviour[] = [
  {
    name: "200 Secrets that are created by generateName, 20 at a time, have a name and a shard at once",
    run: async (world) => {
      await world.setUp();
      world.startSharder();
      await writeShards(world, three);
      await world.isReady(3);
      const created = await pMap(
        Array.from({ length: 200 }),
        async () => await world.secrets.create({ metadata: { generateName: "job-" } }),
        { concurrency: 20 },
      );
      for (const { metadata } of created) {
        assert.match(metadata.name, /^job-[bcdfghjklmnpqrstvwxz2456789]{10}$/);
        assert.equal(metadata.labels?.[world.shardLabel], world.ownerAmong(three, metadata.name));
      }
      assert.equal(new Set(created.map(({ metadata }) => metadata.name)).size, 200);
      assert.deepEqual(new Set(created.map(({ metadata }) => metadata.labels?.[world.shardLabel])), new Set(three));
    },
  },
  {
    name: "a dry run by generateName shows a name and a shard, and leaves no trace",
    run: async (world) => {
      await world.setUp();
      world.startSharder();
      await writeShards(world, shards);
      await world.isReady(2);
      const { metadata } = await world.secrets.create({ metadata: { generateName: "foo-" } }, { dryRun: true });
      assert.equal(metadata.labels?.[world.shardLabel], world.ownerAmong(shards, metadata.name));
      const mark = world.mark;
      await world.createSecret("bar");
      const patch = { metadata: { labels: { [world.shardLabel]: null } } };
      const shown = await world.secrets.patch("bar", { type: "merge", patch }, { dryRun: true });
      assert.equal(shown.metadata.labels?.[world.shardLabel], world.ownerAmong(shards, "bar"));
      const isWritten = (): boolean => world.writes(mark).some(({ path }) => path.includes("/secrets"));
      await world.consistently("no Secret is written", () => !isWritten(), 500);
      assert.deepEqual([...(await world.shardsOf(world.secrets)).keys()], ["bar"]);
    },
  },
  {
    name: "a Secret that is replaced from a template keeps its live shard, and is still asked to leave it if it was",
    run: async (world) => {
      await world.setUp();
      world.startSharder();
      await writeShards(world, shards);
      await world.isReady(2);
      const name = nameThatMoves(world, shards, three);
      const before = world.ownerAmong(shards, name);
      await world.createSecret(name);
      assert.equal(await replace(world, name), before);
      assert.equal(await replace(world, name, { app: "foo" }), before);
      await writeShards(world, ["shard-c"]);
      await world.eventually(
        "it is asked to let go",
        async () => (await world.secrets.get(name)).metadata.labels?.[world.drainLabel] !== undefined,
      );
      // That is no acknowledgement: the shard may be in the middle of its work.
      assert.equal(await replace(world, name, { app: "foo" }), before);
      assert.equal(await replace(world, name), before);
      const { metadata } = await world.secrets.get(name);
      assert.equal(metadata.labels?.[world.drainLabel], "true");
      // This is: who writes has read the object before.
      const acknowledged = { ...metadata, labels: { app: "foo" } };
      const { metadata: { labels } } = await world.secrets.replace({ metadata: acknowledged, data: { foo: "YmF6" } });
      assert.deepEqual(labels, { app: "foo", [world.shardLabel]: "shard-c" });
    },
  },
  {
    name:
      "a template leaves the label of a shard that is gone to the sharder, which brings the object where it belongs",
    run: async (world) => {
      await world.setUp();
      world.startSharder();
      await writeShards(world, shards);
      await world.writeLease("shard-x", { holder: "" });
      await world.isReady(2, 3);
      const name = Array.from({ length: 100 }, (_, index) => `foo-${index}`)
        .find((name) => world.ownerAmong(shards, name) === "shard-b") ?? "";
      await world.createSecret(name, { [world.shardLabel]: "shard-x" });
      // The replica that is asked may be the last to hear of that shard.
      assert.ok(["shard-x", "shard-b"].includes(await replace(world, name) ?? ""));
      await world.eventually(
        "it is where it belongs",
        async () => (await world.secrets.get(name)).metadata.labels?.[world.shardLabel] === "shard-b",
      );
    },
  },
  {
    name:
      "no label is restored in a namespace or resource that is not the ring's any more, or in a ring that is deleted",
    run: async (world) => {
      await world.setUp(null);
      const selector = { matchLabels: { team: world.name } };
      const namespace = { type: "merge", patch: { metadata: { labels: { team: world.name } } } } as const;
      await world.api(namespaces).patch(world.name, namespace);
      await world.createRing(world.name, { ...world.spec(), namespaceSelector: selector });
      world.startSharder();
      await writeShards(world, shards);
      await world.isReady(2);
      const labelled = { [world.shardLabel]: "shard-a" };
      // Whatever the webhook configuration still says.
      const restores = async (name: string): Promise<boolean> => {
        await world.createSecret(name, labelled);
        return await replace(world, name) !== undefined;
      };
      assert.ok(await restores("mine"));
      const outside = { type: "merge", patch: { metadata: { labels: { team: null } } } } as const;
      await world.api(namespaces).patch(world.name, outside);
      let index = 0;
      await world.eventually("the namespace is not the ring's", async () => !await restores(`outside-${index++}`));
      await world.api(namespaces).patch(world.name, namespace);
      await world.eventually("the namespace is the ring's again", () => restores(`inside-${index++}`));
      const spec = { resources: [{ group: "", resource: "configmaps" }] };
      await world.rings.patch(world.name, { type: "merge", patch: { spec } });
      await world.eventually("the resource is not the ring's", async () => !await restores(`other-${index++}`));
      const { resources } = world.spec();
      await world.rings.patch(world.name, { type: "merge", patch: { spec: { resources: jsonOf(resources) } } });
      await world.eventually("the resource is the ring's again", () => restores(`again-${index++}`));
      const finalizers = { metadata: { finalizers: ["example.org/test"] } };
      await world.rings.patch(world.name, { type: "merge", patch: finalizers });
      await world.rings.delete(world.name);
      try {
        await world.eventually("the ring is not at work", async () => !await restores(`late-${index++}`));
      } finally {
        await world.rings.patch(world.name, { type: "merge", patch: { metadata: { finalizers: null } } });
      }
    },
  },
  {
    name: "status and scale of an object are written without the webhook, and change no label",
    run: async (world) => {
      await world.setUp(null);
      const widgets = world.api(await define(world, "Namespaced")).inNamespace(world.name);
      const { group } = widgets.resource;
      // As they have no controller they stay without a shard: the API server would call the webhook for each change.
      const controlledResources = [{ group, resource: "widgets" }];
      await world.createRing(world.name, {
        ...world.spec(),
        resources: [{ group: "", resource: "secrets", controlledResources }],
      });
      world.startSharder();
      await writeShards(world, shards);
      await world.isReady(2);
      const widget = { metadata: { name: "foo" }, spec: { replicas: 1 } };
      await widgets.create(widget);
      const annotate = { type: "merge", patch: { metadata: { annotations: { some: "change" } } } } as const;
      const before = world.admissions;
      await widgets.patch("foo", annotate);
      assert.ok(world.admissions > before);
      const mark = world.admissions;
      await widgets.status.patch("foo", { type: "merge", patch: { status: { replicas: 1 } } });
      await widgets.scale.patch("foo", { type: "merge", patch: { spec: { replicas: 2 } } });
      assert.equal(world.admissions, mark);
      assert.equal((await widgets.get("foo")).metadata.labels, undefined);
    },
  },
  {
    name: "children in a namespace are with their cluster-scoped owners from the start",
    run: async (world) => {
      const families = await startFamilies(world);
      const names = namesOf(families);
      for (const name of names) {
        const owner = families.ownerOf(name, shards);
        assert.deepEqual(await families.create(name), { widget: owner, child: owner });
      }
      world.webhooks = "down";
      const late = ["late-0", "late-1", "late-2", "late-3"];
      for (const name of late) await families.create(name);
      await world.eventually("the late ones too", () => families.areTogether(late, shards), patience);
      assert.ok(await families.areTogether(names, shards));
    },
  },
  {
    name: "cluster-scoped objects are drained and moved like all others, and their children follow",
    run: async (world) => {
      const families = await startFamilies(world);
      const names = namesOf(families);
      for (const name of names) await families.create(name);
      const moving = names.filter((name) => families.ownerOf(name, three) === "shard-c");
      assert.ok(moving.length > 0);
      const history = await world.labels(families.widgets);
      await writeShards(world, ["shard-c"]);
      await world.eventually("those that move are asked to", async () => {
        const { items } = await families.widgets.asMetadata().list({ labelSelector: world.drainLabel });
        return items.length === moving.length;
      });
      assert.ok(await families.areTogether(names, shards));
      assert.equal(await acknowledgeDrains(world, families.widgets), moving.length);
      await world.eventually("all have moved", () => families.areTogether(names, three), 1_000);
      for (const name of moving) {
        assert.deepEqual(history.of(name).map(({ draining }) => draining), [false, true, false]);
      }
      // A shard that leaves is not asked.
      await world.writeLease("shard-c", { duration: 3_600, holder: "" });
      await world.eventually("all are back", () => families.areTogether(names, shards), 5_000);
    },
  },
  {
    name:
      "with the reference's keys, children of cluster-scoped owners go where its sharder wants them, and stay there",
    run: async (world) => {
      const families = await startFamilies(world, { referenceKeys: true });
      const names = namesOf(families);
      const areApart = async (among: readonly string[]): Promise<boolean> => {
        const [mains, children] = [await world.shardsOf(families.widgets), await world.shardsOf(world.configMaps)];
        return names.every((name) =>
          mains.get(name) === families.ownerOf(name, among) &&
          children.get(`of-${name}`) === families.referenceOwnerOf(name, among)
        );
      };
      for (const name of names) await families.create(name);
      assert.ok(await areApart(shards));
      await writeShards(world, ["shard-c"]);
      await world.eventually("all have moved", async () => {
        await acknowledgeDrains(world, families.widgets);
        return await areApart(three);
      }, 5_000);
      await world.consistently("they stay", () => areApart(three), 500);
    },
  },
  {
    name: "a webhook that hangs costs each write its timeout and no more, and no object its owner",
    run: async (world) => {
      await world.setUp();
      world.startSharder();
      await writeShards(world, shards);
      await world.isReady(2);
      world.webhooks = "hanging";
      const { clock } = world.stage;
      const names = Array.from({ length: 6 }, (_, index) => `foo-${index}`);
      const took = new Map<string, number>();
      const history = await world.labels(world.secrets);
      for (const name of names) {
        const begin = clock.monotonic();
        void world.createSecret(name).then(() => took.set(name, clock.monotonic() - begin));
      }
      await world.eventually("all writes succeed", () => took.size === names.length, 5_000);
      // timeoutSeconds is 2, and the sharder's own writes are not held up by what hangs for them too.
      for (const [name, ms] of took) assert.ok(ms < 3_500, `${name} took ${ms} ms`);
      await world.eventually("all are assigned", async () => {
        const owners = await world.shardsOf(world.secrets);
        return names.every((name) => owners.get(name) === world.ownerAmong(shards, name));
      }, patience);
      for (const name of names) {
        const [first, second] = history.sights(name);
        assert.ok(
          first !== undefined && second !== undefined && second.at - first.at <= patience + world.stage.delay,
          name,
        );
      }
    },
  },
  {
    name: "a webhook that API servers do not trust holds up no write, and no object waits for its owner",
    run: async (world) => {
      await world.setUp();
      const stranger = await createAuthority({ now: world.stage.clock.now() });
      world.startSharder("sharder-a", { caBundle: btoa(stranger.certificate) });
      await writeShards(world, shards);
      await world.isReady(2);
      const begin = world.stage.clock.monotonic();
      const names = await world.createSecrets(6);
      assert.ok(world.stage.clock.monotonic() - begin < 5_000);
      await world.eventually("all are assigned", async () => {
        const owners = await world.shardsOf(world.secrets);
        return names.every((name) => owners.get(name) === world.ownerAmong(shards, name));
      }, patience);
      // In memory webhooks are called without TLS.
      if (world.stage.time === "real") assert.equal(world.admissions, 0);
    },
  },
  {
    name: "writes succeed while a webhook answers nonsense, and no object waits for its owner",
    run: async (world) => {
      await world.setUp();
      world.startSharder();
      await writeShards(world, shards);
      await world.isReady(2);
      world.webhooks = "talking nonsense";
      const names = await world.createSecrets(6);
      await world.eventually("all are assigned", async () => {
        const owners = await world.shardsOf(world.secrets);
        return names.every((name) => owners.get(name) === world.ownerAmong(shards, name));
      }, patience);
      const [name = ""] = names;
      const patch = { metadata: { annotations: { some: "change" } } };
      await world.secrets.patch(name, { type: "merge", patch }).catch((error) => assert.ok(isConflict(error)));
    },
  },
];
