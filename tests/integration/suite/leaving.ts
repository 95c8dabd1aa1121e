import assert from "node:assert/strict";
import type { Fault } from "../../../lib/apiserver/mod.ts";
import { mutatingWebhookConfigurations } from "../../../lib/k8s/kinds/admissionregistration.ts";
import { namespaces } from "../../../lib/k8s/kinds/core.ts";
import type { MutatingWebhookConfiguration } from "../../../lib/k8s/types.ts";
import { labelledResourcesAnnotation, ringFinalizer, webhookConfigurationName } from "../../../lib/sharding/names.ts";
import type { ControllerRingSpec } from "../../../lib/sharding/ring_types.ts";
import { runRingOn } from "../ring_run.ts";
import { jsonOf } from "../stage.ts";
import type { Behaviour } from "../suite.ts";
import { define } from "../widgets.ts";
import type { World } from "../world.ts";

const two = ["shard-a", "shard-b"];
const none: Fault = { type: "none" };
const needsTime = {
  ability: "virtual time",
  why: "a ring is let go 10 s after nothing was found, and given up after 10 minutes",
} as const;

async function configurationOf(world: World): Promise<MutatingWebhookConfiguration | undefined> {
  return await world.api(mutatingWebhookConfigurations).find(webhookConfigurationName(world.name));
}

/** Does no object carry a label of the ring? */
async function isBare(world: World): Promise<boolean> {
  for (const api of [world.secrets, world.configMaps]) {
    for (const labelSelector of [world.shardLabel, world.drainLabel]) {
      if ((await api.asMetadata().list({ labelSelector })).items.length > 0) return false;
    }
  }
  return true;
}

async function isGone(world: World): Promise<boolean> {
  return await world.rings.find(world.name) === undefined;
}

/** Waits until the ring is gone, which is not before its objects are bare where a finalizer can keep it. */
async function isReleased(world: World, ms = 40_000): Promise<void> {
  await world.eventually("the ring is gone", () => isGone(world), ms);
  if (world.stage.rights === "ours") assert.ok(await isBare(world));
  else await world.eventually("no object carries a label", () => isBare(world), ms);
}

/** Is the condition there that says that objects keep labels, for this reason? */
async function hasReason(world: World, type: string, reason: string): Promise<boolean> {
  const { status } = await world.rings.get(world.name);
  return status?.conditions?.some((condition) => condition.type === type && condition.reason === reason) === true;
}

/** The ring has our finalizer, and its record is written: what follows may rely on both. */
async function isPrepared(world: World): Promise<void> {
  await world.eventually("the ring has the finalizer, and its configuration the record", async () => {
    const { metadata } = await world.rings.get(world.name);
    const record = (await configurationOf(world))?.metadata.annotations?.[labelledResourcesAnnotation];
    // With the reference's rights it may not write the one.
    const mayWrite = world.stage.rights !== "reference";
    return (!mayWrite || metadata.finalizers?.includes(ringFinalizer) === true) && record !== undefined;
  });
}

/** A ring with two shards that have some families. */
async function begin(world: World, count = 6): Promise<string[]> {
  await world.setUp();
  await world.startAll(two);
  const names = await world.createSecrets(count);
  await world.spread(two, names);
  await isPrepared(world);
  return names;
}

/** The ring of the world selects its namespace by this label. */
const inRing = "example.com/in-ring";

async function select(world: World, value: string | null): Promise<void> {
  await world.api(namespaces).patch(world.name, {
    type: "merge",
    patch: { metadata: { labels: { [inRing]: value } } },
  });
}

function specByLabel(world: World): ControllerRingSpec {
  return { ...world.spec(), namespaceSelector: { matchLabels: { [inRing]: world.name } } };
}

async function change(world: World, spec: object): Promise<void> {
  await world.rings.patch(world.name, { type: "merge", patch: { spec: jsonOf(spec) } });
}

/** Objects leave a ring, with it or by a change of its scope, and lose its labels. */
export const leaving: readonly Behaviour[] = [
  {
    name: "a ring that is deleted has its objects released by the shards that live, after its webhook has no rules",
    run: async (world) => {
      const names = await begin(world);
      const [mains, mark] = [await world.labels(world.secrets), world.mark];
      await world.rings.delete(world.name);
      await world.eventually("no object carries a label", () => isBare(world), 5_000);
      assert.ok(!await isGone(world));
      assert.deepEqual((await configurationOf(world))?.webhooks?.flatMap(({ rules = [] }) => rules), []);
      const writes = world.writes(mark).map(({ path }) => path);
      const rules = writes.findIndex((path) => path.includes("/mutatingwebhookconfigurations/"));
      const objects = writes.findIndex((path) => path.includes("/secrets/"));
      assert.ok(rules >= 0 && rules < objects, writes.join("\n"));
      for (const name of names) {
        const [first, second, ...others] = mains.of(name);
        assert.ok(first?.shard !== undefined && !first.draining);
        assert.deepEqual([second, ...others], [{ shard: first.shard, draining: true }, {
          shard: undefined,
          draining: false,
        }]);
      }
      const { metadata } = await world.createSecret("late");
      assert.equal(metadata.labels?.[world.shardLabel], undefined);
    },
  },
  {
    name: "a ring that is deleted goes 10 s after its last object has lost its labels, and its shards run on",
    needs: needsTime,
    run: async (world) => {
      await begin(world);
      await world.rings.delete(world.name);
      await world.eventually("no object carries a label", () => isBare(world), 5_000);
      const bare = world.stage.clock.monotonic();
      await world.eventually("the ring is gone", () => isGone(world), 30_000);
      const after = world.stage.clock.monotonic() - bare;
      assert.ok(after >= 9_000 && after <= 13_000, `gone after ${after} ms`);
      await world.eventually("its configuration too", async () => await configurationOf(world) === undefined, 30_000);
      const mark = world.mark;
      await world.consistently("the shards keep their Leases", async () => {
        const { items } = await world.leases.list();
        return items.filter(({ spec }) => two.includes(spec?.holderIdentity ?? "")).length === 2;
      }, 20_000);
      assert.deepEqual(world.writes(mark).map(({ path }) => path), []);
    },
  },
  {
    name: "an object that is labelled while the ring goes loses the label too",
    needs: needsTime,
    run: async (world) => {
      await begin(world);
      await world.rings.delete(world.name);
      await world.eventually("no object carries a label", () => isBare(world), 5_000);
      await world.consistently("some time passes", () => true, 6_000);
      // As an admission does that was on its way when the ring was deleted.
      await world.createSecret("late", { [world.shardLabel]: "shard-a" });
      await isReleased(world);
    },
  },
  {
    name: "a ring that is deleted takes the labels from objects of dead shards by itself",
    needs: needsTime,
    run: async (world) => {
      await world.setUp();
      const { shards } = await world.startAll(two);
      const names = await world.createSecrets(6);
      await world.spread(two, names);
      await shards.get("shard-a")?.stop();
      await shards.get("shard-b")?.crash();
      await world.isReady(0, 2);
      const mains = await world.labels(world.secrets);
      await world.rings.delete(world.name);
      await isReleased(world);
      assert.ok(names.every((name) => mains.of(name).every(({ draining }) => !draining)));
    },
  },
  {
    name: "a shard that dies while the ring waits for it does not keep the ring",
    needs: needsTime,
    run: async (world) => {
      await world.setUp();
      const { shards } = await world.startAll(two);
      await world.spread(two, await world.createSecrets(6));
      await isPrepared(world);
      // Cut off, it still counts as live.
      await shards.get("shard-b")?.crash();
      await world.rings.delete(world.name);
      await isReleased(world);
    },
  },
  {
    name: "a ring without shards and objects goes as well",
    needs: needsTime,
    run: async (world) => {
      await world.setUp();
      world.startSharder();
      await world.isReady(0);
      await isPrepared(world);
      await world.createSecret("odd", { [world.shardLabel]: "no-such-shard", [world.drainLabel]: "yes" });
      await world.rings.delete(world.name);
      // A label is called bogus only after Leases were watched for 30 s.
      await isReleased(world, 50_000);
    },
  },
  {
    name: "controlled resources that a ring names no more lose the labels, and main objects keep theirs",
    run: async (world) => {
      const names = await begin(world);
      await change(world, { resources: [{ group: "", resource: "secrets" }] });
      await world.eventually("no ConfigMap carries a label", async () => {
        return [...(await world.shardsOf(world.configMaps)).values()].every((shard) => shard === undefined);
      });
      await world.settle(two, names);
    },
  },
  {
    name: "main resources that a ring names no more are let go of by their shards",
    run: async (world) => {
      const names = await begin(world);
      const mains = await world.labels(world.secrets);
      await change(world, { resources: [{ group: "apps", resource: "deployments" }] });
      await world.eventually("no object carries a label", () => isBare(world), 15_000);
      for (const name of names) {
        assert.ok(mains.of(name).some(({ draining }) => draining), name);
        assert.equal(new Set(mains.of(name).map(({ shard }) => shard)).size, 2, `${name} had another owner`);
      }
      assert.equal((await world.createSecret("late")).metadata.labels?.[world.shardLabel], undefined);
    },
  },
  {
    name: "resources that a ring names no more are forgotten when none of their objects has a label",
    needs: needsTime,
    run: async (world) => {
      await begin(world);
      const recorded = async (): Promise<string | undefined> =>
        (await configurationOf(world))?.metadata.annotations?.[labelledResourcesAnnotation];
      assert.equal(await recorded(), JSON.stringify({ main: ["secrets"], controlled: ["configmaps"] }));
      await change(world, { resources: [{ group: "", resource: "secrets" }] });
      await world.consistently(
        "the record stays",
        async () => (await recorded())?.includes("configmaps") === true,
        9_000,
      );
      await world.eventually(
        "the record names the present resources only",
        async () => await recorded() === JSON.stringify({ main: ["secrets"], controlled: [] }),
        10_000,
      );
    },
  },
  {
    name: "a deleted ring does not wait for a shard whose Lease somebody deletes",
    needs: needsTime,
    run: async (world) => {
      await world.setUp();
      world.startSharder();
      await world.writeLease("shard-stuck", { duration: 10 });
      await world.isReady(1);
      await world.createSecret("foo");
      await world.settle(["shard-stuck"], ["foo"]);
      await isPrepared(world);
      await world.rings.delete(world.name);
      await world.leases.delete("shard-stuck");
      await isReleased(world, 60_000);
    },
  },
  {
    name: "objects in a namespace that a ring selects no more lose the labels, and get them back with the namespace",
    run: async (world) => {
      await world.setUp(null);
      await select(world, world.name);
      await world.createRing(world.name, specByLabel(world));
      await world.startAll(two);
      const names = await world.createSecrets(6);
      await world.spread(two, names);
      const mains = await world.labels(world.secrets);
      await select(world, null);
      await world.eventually("no object carries a label", () => isBare(world));
      assert.ok(names.every((name) => mains.of(name).some(({ draining }) => draining)));
      await select(world, world.name);
      await world.spread(two, names);
    },
  },
  {
    name: "objects lose the labels when the ring's selector changes, also where many namespaces are not selected",
    run: async (world) => {
      const names = await begin(world);
      for (let index = 0; index < 9; index++) await world.createNamespace(`${world.name}-${index}`);
      await change(world, { namespaceSelector: { matchLabels: { [inRing]: world.name } } });
      await world.eventually("no object carries a label", () => isBare(world));
      await change(world, { namespaceSelector: { matchLabels: { [inRing]: null } } });
      await change(world, world.spec());
      await world.spread(two, names);
    },
  },
  {
    name: "what left while no sharder ran is found by the next one",
    run: async (world) => {
      await world.setUp(null);
      await select(world, world.name);
      await world.createRing(world.name, specByLabel(world));
      const { sharder } = await world.startAll(two);
      await world.spread(two, await world.createSecrets(6));
      await isPrepared(world);
      await sharder.stop();
      await change(world, { resources: [{ group: "", resource: "secrets" }] });
      await select(world, null);
      world.startSharder("sharder-b");
      await world.eventually("no object carries a label", () => isBare(world));
    },
  },
  {
    name: "a shard that does not let go keeps a deleted ring for 10 minutes, and the ring says so",
    needs: needsTime,
    run: async (world) => {
      await world.setUp();
      world.startSharder();
      await world.writeLease("shard-stuck", { duration: 3_600 });
      await world.isReady(1);
      await world.createSecret("foo");
      await world.settle(["shard-stuck"], ["foo"]);
      await isPrepared(world);
      await world.rings.delete(world.name);
      await world.eventually(
        "the ring says so",
        () => hasReason(world, "ObjectsLeft", "DrainsNotAcknowledged"),
        60_000,
      );
      await world.consistently("it is kept", async () => !await isGone(world), 500_000);
      await world.eventually("it is gone", () => isGone(world), 120_000);
      assert.equal(await world.shardOf(world.secrets, "foo"), "shard-stuck");
      await world.eventually(
        "an event says so",
        async () => (await world.eventsOn(world.name)).includes("ObjectsLeft"),
      );
    },
  },
  {
    name: "a deleted ring is given up at once where the sharder has no right to its objects",
    needs: needsTime,
    run: async (world) => {
      await begin(world);
      world.fault = ({ path, method }, process) =>
        process.includes("sharder") && method !== "GET" && /\/(secrets|configmaps)/.test(path)
          ? { type: "status", code: 403, reason: "Forbidden" }
          : none;
      await world.rings.delete(world.name);
      await world.eventually("it is gone", () => isGone(world), 10_000);
      await world.eventually(
        "an event says so",
        async () => (await world.eventsOn(world.name)).includes("ObjectsLeft"),
      );
    },
  },
  {
    name: "a deleted ring is released although the sharder may write webhook configurations no more",
    needs: needsTime,
    run: async (world) => {
      await begin(world);
      world.fault = ({ path, method }, process) =>
        process.includes("sharder") && method === "PATCH" && path.includes("/mutatingwebhookconfigurations/")
          ? { type: "status", code: 403, reason: "Forbidden" }
          : none;
      await world.rings.delete(world.name);
      await isReleased(world);
    },
  },
  {
    name: "a resource that the sharder may not read does not keep the labels of others",
    needs: needsTime,
    run: async (world) => {
      await begin(world);
      await change(world, { resources: [{ group: "apps", resource: "deployments" }] });
      await world.eventually("no object carries a label", () => isBare(world));
      await world.eventually("the record is written", async () => {
        const record = (await configurationOf(world))?.metadata.annotations?.[labelledResourcesAnnotation];
        return record?.includes("deployments") === true;
      });
      await change(world, { resources: [] });
      await world.eventually("the ring says so", () => hasReason(world, "ObjectsLeft", "Forbidden"), 30_000);
      await world.stage.grant("others", [{
        apiGroups: ["apps"],
        resources: ["deployments"],
        verbs: ["list", "patch"],
      }]);
      await world.eventually("nothing is left", async () => {
        const record = (await configurationOf(world))?.metadata.annotations?.[labelledResourcesAnnotation];
        return record === JSON.stringify({ main: [], controlled: [] });
      }, 60_000);
    },
  },
  {
    name: "a deleted ring does not wait for objects whose definition is gone",
    needs: needsTime,
    run: async (world) => {
      await world.setUp(null);
      const widgets = await define(world, "Namespaced");
      await world.createRing(world.name, {
        ...world.spec(),
        resources: [{ group: widgets.group, resource: "widgets" }],
      });
      world.startSharder();
      await world.writeLease("shard-stuck", { duration: 3_600 });
      await world.isReady(1);
      const api = world.api(widgets).inNamespace(world.name);
      await api.create({ metadata: { name: "foo" } });
      await world.eventually("it is assigned", async () => await world.shardOf(api, "foo") === "shard-stuck");
      await world.rings.delete(world.name);
      await world.consistently("the ring is kept", async () => !await isGone(world), 15_000);
      const path = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.${widgets.group}`;
      await world.admin.performRequest({ method: "DELETE", path, expectJson: true });
      await isReleased(world, 60_000);
    },
  },
  {
    name: "where the sharder may not write finalizers it says so, and objects are released even so",
    needs: { ability: "virtual time", why: "conditions are written every 10 s" },
    run: async (world) => {
      world.fault = ({ path, method }, process) =>
        process.includes("sharder") && method === "PATCH" && path.endsWith(`/controllerrings/${world.name}`)
          ? { type: "status", code: 403, reason: "Forbidden" }
          : none;
      await world.setUp();
      await world.startAll(two);
      await world.spread(two, await world.createSecrets(6));
      await world.eventually("the ring says so", () => hasReason(world, "PermissionsMissing", "Forbidden"), 30_000);
      await world.rings.delete(world.name);
      assert.ok(await isGone(world));
      await world.eventually("no object carries a label", () => isBare(world));
    },
  },
  {
    name: "a ring without sharder waits for `ring release`",
    run: async (world) => {
      await world.setUp();
      const { sharder } = await world.startAll(two);
      await world.spread(two, await world.createSecrets(6));
      await isPrepared(world);
      await sharder.stop();
      await world.rings.delete(world.name);
      assert.ok(!await isGone(world));
      assert.equal((await runRingOn(world.stage, "release", world.name, "--labels")).code, 0);
      assert.ok(await isGone(world));
      assert.ok(await isBare(world));
    },
  },
  {
    name: "without the setting rings lose the finalizer that they have, and no object moves",
    run: async (world) => {
      await world.setUp();
      const { sharder } = await world.startAll(two);
      const names = await world.createSecrets(6);
      await world.spread(two, names);
      await isPrepared(world);
      await sharder.stop();
      const mains = await world.labels(world.secrets);
      world.startSharder("sharder-b", { ringFinalizer: false });
      await world.eventually("the finalizer is gone", async () => {
        return (await world.rings.get(world.name)).metadata.finalizers === undefined;
      });
      assert.ok(names.every((name) => mains.of(name).length === 1));
    },
  },
];
