import assert from "node:assert/strict";
import { mutatingWebhookConfigurations } from "../../../lib/k8s/kinds/admissionregistration.ts";
import { webhookConfigurationName } from "../../../lib/sharding/names.ts";
import { grant } from "../stages/installation.ts";
import type { Behaviour } from "../suite.ts";
import type { World } from "../world.ts";

const shards = ["shard-a", "shard-b"];

/** What a Secret that the webhook has missed takes to get its shard, in milliseconds. */
async function assignedWithin(world: World, name: string): Promise<number> {
  const begin = world.stage.clock.monotonic();
  await world.createSecret(name);
  await world.eventually(`${name} is assigned`, async () => await world.shardOf(world.secrets, name) !== undefined);
  return world.stage.clock.monotonic() - begin;
}

/** What the reference's rights are enough for although it is done in another way; shown with these rights only. */
export const degraded: readonly Behaviour[] = [
  {
    name: "objects that the webhook misses have their shard within 7 s, and so have children of moved objects",
    run: async (world) => {
      await world.setUp();
      await world.startAll(shards);
      world.webhooks = "down";
      const names = await world.createSecrets(10);
      // 5 s until they are listed, 2 s for the rest, and 5 s until their children are listed.
      await world.spread(shards, names, 7_000);
      world.webhooks = "up";
      world.startShard("shard-c");
      await world.spread([...shards, "shard-c"], names, 10_000);
    },
  },
  {
    name: "a webhook configuration that somebody deletes is back after the sync period, as may not be watched",
    run: async (world) => {
      await world.setUp();
      await world.startAll(["shard-a"], { syncPeriod: "5s" });
      const api = world.api(mutatingWebhookConfigurations);
      const name = webhookConfigurationName(world.name);
      await api.delete(name);
      await world.eventually("it is back", async () => await api.find(name) !== undefined, 6_000);
    },
  },
  {
    name: "a condition names the verbs that are missing, what that means, and what helps",
    run: async (world) => {
      await world.setUp();
      await world.startAll(shards);
      const where = `in namespace ${world.name}`;
      await world.eventually("the ring says so", async () => {
        const { status } = await world.rings.get(world.name);
        const { message = "" } = status?.conditions?.find(({ type }) => type === "PermissionsMissing") ?? {};
        return message.includes(`may not get, watch configmaps ${where}, secrets ${where}. `) &&
          message.includes("every few seconds") && message.includes(`"ring rbac ${world.name}"`);
      }, 20_000);
    },
  },
  {
    name: "the objects of a shard whose Lease somebody deleted move after the same time, although none may be created",
    needs: { ability: "virtual time", why: "it takes minutes" },
    run: async (world) => {
      await world.setUp();
      world.startSharder();
      await world.isReady(0);
      await world.consistently("time passes", () => true, 40_000);
      await world.writeLease("shard-x");
      await world.isReady(1);
      await world.createSecret("foo");
      await world.eventually("it is assigned", async () => await world.shardOf(world.secrets, "foo") === "shard-x");
      world.startShard("shard-a");
      await world.isReady(2);
      const mains = await world.labels(world.secrets);
      const deleted = world.stage.clock.monotonic();
      await world.leases.delete("shard-x");
      await world.spread(["shard-a"], ["foo"], 40_000);
      const moved = mains.when("foo", ({ shard }) => shard === "shard-a") - deleted;
      assert.ok(moved >= 18_000 && moved <= 21_000 + world.stage.delay, `moved after ${moved} ms`);
      assert.equal(await world.leases.find("shard-x"), undefined);
    },
  },
  {
    name: "a settled system writes nothing but Leases, its webhook configuration, and what it tries in vain",
    needs: { ability: "virtual time", why: "it lasts eleven minutes" },
    run: async (world) => {
      world.pace = "usual";
      await world.setUp();
      await world.startAll(shards, { syncPeriod: "2m" });
      const names = await world.createSecrets(10);
      await world.spread(shards, names);
      await world.consistently("time passes", () => true, 60_000);
      const mark = world.mark;
      const { clock } = world.stage;
      const end = clock.monotonic() + 600_000;
      await world.eventually("ten minutes have passed", () => clock.monotonic() >= end - 1_000, 600_000);
      const written = (what: string): number => world.writes(mark).filter(({ path }) => path.endsWith(what)).length;
      const applied = written(`/mutatingwebhookconfigurations/${webhookConfigurationName(world.name)}`);
      // The finalizer, which it may not write, every five minutes.
      const tried = written(`/controllerrings/${world.name}`);
      assert.ok(applied >= 4 && applied <= 5 && tried <= 2, JSON.stringify(world.writes(mark)));
      assert.equal(applied + tried, world.writes(mark).length);
    },
  },
  {
    name: "a permission that is granted later is used without a restart, and one that is taken away is missed",
    needs: { ability: "virtual time", why: "a forbidden watch is tried every minute" },
    run: async (world) => {
      await world.setUp();
      await world.startAll(shards);
      world.webhooks = "down";
      const name = `${world.name}-watch`;
      await grant(world.admin, name, [{ apiGroups: [""], resources: ["secrets", "configmaps"], verbs: ["watch"] }]);
      await world.consistently("time passes", () => true, 70_000);
      for (let i = 0; i < 5; i++) assert.ok(await assignedWithin(world, `granted-${i}`) <= 2_000);
      const binding = `/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/${name}`;
      await world.admin.performRequest({ method: "DELETE", path: binding });
      // The watches that are open end after a minute.
      await world.consistently("time passes", () => true, 80_000);
      const mark = world.mark;
      for (let i = 0; i < 5; i++) assert.ok(await assignedWithin(world, `taken-${i}`) <= 7_000);
      const verbs = world.traffic.slice(mark).filter(({ path, process, failure }) =>
        process.endsWith("sharder-a") && path.endsWith("/secrets") && failure === undefined
      );
      assert.ok(verbs.length > 0);
    },
  },
  {
    name: "a condition names what the sharder itself may not do, and goes when it may",
    run: async (world) => {
      await world.setUp();
      await world.startAll(shards);
      const said = async (): Promise<string> => {
        const { status } = await world.rings.get(world.name);
        return status?.conditions?.find(({ type }) => type === "PermissionsMissing")?.message ?? "";
      };
      await world.eventually("the ring says so", async () => {
        const message = await said();
        return message.includes("list, watch mutatingwebhookconfigurations.admissionregistration.k8s.io") &&
          message.includes("create leases.coordination.k8s.io") && !message.includes("events");
      }, 20_000);
      if (world.stage.time === "real") return;
      await grant(world.admin, `${world.name}-own`, [
        {
          apiGroups: ["admissionregistration.k8s.io"],
          resources: ["mutatingwebhookconfigurations"],
          verbs: ["list", "watch"],
        },
        { apiGroups: ["coordination.k8s.io"], resources: ["leases"], verbs: ["create"] },
      ]);
      await world.eventually("it is gone", async () => !(await said()).includes("The sharder itself"), 60_000);
    },
  },
];
