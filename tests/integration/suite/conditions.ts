import assert from "node:assert/strict";
import { isAny, type Resource } from "../../../lib/k8s/api/resource.ts";
import type { JSONValue } from "../../../lib/k8s/contract.ts";
import { isInvalid } from "../../../lib/k8s/errors.ts";
import type { KubeObject } from "../../../lib/k8s/types.ts";
import type { RingCondition, RingResource } from "../../../lib/sharding/ring_types.ts";
import type { Behaviour } from "../suite.ts";
import type { World } from "../world.ts";

const shards = ["shard-a", "shard-b"];
const secrets = { group: "", resource: "secrets" };
const configMaps = { group: "", resource: "configmaps" };

async function conditionsOf(world: World): Promise<readonly RingCondition[]> {
  return (await world.rings.get(world.name)).status?.conditions ?? [];
}

async function conditionOf(world: World, type: string): Promise<RingCondition | undefined> {
  return (await conditionsOf(world)).find((condition) => condition.type === type);
}

/** Waits until the ring has a condition with this reason and a message that matches. */
async function says(world: World, type: string, reason: string, message: RegExp, ms = 30_000): Promise<void> {
  await world.eventually(`the ring says ${type}`, async () => {
    const condition = await conditionOf(world, type);
    return condition?.status === "True" && condition.reason === reason && message.test(condition.message);
  }, ms);
}

/** Waits until the ring has no such condition any more. */
async function isOver(world: World, type: string, ms = 60_000): Promise<void> {
  await world.eventually(`${type} is over`, async () => await conditionOf(world, type) === undefined, ms);
}

async function wasTold(world: World, reason: string, ms = 10_000): Promise<void> {
  await world.eventually(
    `an event tells ${reason}`,
    async () => (await world.eventsOn(world.name)).includes(reason),
    ms,
  );
}

/** A resource that no API server has yet, and what defines it. */
function widgetsOf(world: World): { readonly resource: Resource<KubeObject>; readonly define: () => Promise<void> } {
  const group = `${world.name}.conditions.example.com`;
  const schema = { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } };
  const bodyJson = {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `widgets.${group}` },
    spec: {
      group,
      scope: "Namespaced",
      names: { plural: "widgets", singular: "widget", kind: "Widget", listKind: "WidgetList" },
      versions: [{ name: "v1", served: true, storage: true, schema }],
    },
  };
  return {
    resource: { group, version: "v1", plural: "widgets", kind: "Widget", namespaced: true, is: isAny },
    define: async () => {
      const path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
      await world.admin.performRequest({ method: "POST", path, bodyJson, expectJson: true });
    },
  };
}

async function refused(world: World, resources: readonly RingResource[]): Promise<string> {
  try {
    await world.rings.create({ metadata: { name: `${world.name}-refused` }, spec: { resources } });
  } catch (error) {
    assert.ok(isInvalid(error));
    return error.message;
  }
  return assert.fail("the ring is not refused");
}

/** What is wrong with a ring stands in its conditions while it is, and is told when it begins and ends. */
export const conditions: readonly Behaviour[] = [
  {
    name: "a resource that is not served, and then one that is forbidden, is named",
    run: async (world) => {
      const { resource: widgets, define } = widgetsOf(world);
      await world.setUp({ ...world.spec(), resources: [secrets, { group: widgets.group, resource: "widgets" }] });
      await world.startAll(shards);
      await says(world, "ResourcesMissing", "NotServed", new RegExp(`does not serve widgets\\.${widgets.group}, `));
      await wasTold(world, "NotServed");
      assert.deepEqual((await conditionOf(world, "Ready"))?.status, "True");
      // All else is sharded meanwhile.
      const names = await world.createSecrets(4);
      await world.eventually("the Secrets are assigned", async () => {
        const owners = await world.shardsOf(world.secrets);
        return names.every((name) => owners.get(name) === world.ownerAmong(shards, name));
      });
      await define();
      await isOver(world, "ResourcesMissing");
      await wasTold(world, "ResourcesMissingResolved");
      if (!world.stage.authorizes) return;
      const where = `widgets\\.${widgets.group} in namespace ${world.name}`;
      const message = new RegExp(`may not .*get, list, patch, watch ${where}\\. .*"ring rbac ${world.name}"`);
      await says(world, "PermissionsMissing", "Forbidden", message);
    },
  },
  {
    name: "permissions that are granted one by one make a condition milder, and then unnecessary",
    needs: { ability: "virtual time", why: "somebody is asked every half a minute" },
    run: async (world) => {
      if (!world.stage.authorizes) return;
      const { resource: widgets, define } = widgetsOf(world);
      await define();
      await world.setUp({ ...world.spec(), resources: [secrets, { group: widgets.group, resource: "widgets" }] });
      await world.startAll(shards);
      await says(world, "PermissionsMissing", "Forbidden", /may not get, list, patch, watch widgets/);
      const rule = { apiGroups: [widgets.group], resources: ["widgets"] };
      await world.stage.grant(`some-${world.name}`, [{ ...rule, verbs: ["list", "patch"] }]);
      await says(world, "PermissionsMissing", "Degraded", /may not get, watch widgets\..* every few seconds/, 60_000);
      await world.stage.grant(`all-${world.name}`, [{ ...rule, verbs: ["get", "watch"] }]);
      await isOver(world, "PermissionsMissing");
      await wasTold(world, "PermissionsMissingResolved");
      await world.api(widgets).inNamespace(world.name).create({ metadata: { name: "foo" } });
      await world.eventually(
        "it is assigned",
        async () => await world.shardOf(world.api(widgets).inNamespace(world.name), "foo") !== undefined,
      );
    },
  },
  {
    name: "a new leader keeps what others wrote into the status, and removes what does not hold any more",
    needs: { ability: "virtual time", why: "what can wait is written 10 s after the rest" },
    run: async (world) => {
      await world.setUp();
      const written = ["DrainsStuck", "ResourcesMissing", "Audited"].map((type) => ({
        type,
        status: "True",
        reason: "Before",
        message: "as another one saw it",
        lastTransitionTime: "2020-01-01T00:00:00Z",
      }));
      const status = { shards: 0, availableShards: 0, conditions: written };
      await world.rings.status.patch(world.name, { type: "merge", patch: { status } });
      await world.startAll(shards);
      await world.eventually("only what holds is left", async () => {
        const types = (await conditionsOf(world)).map(({ type }) => type);
        return types.filter((type) => type !== "PermissionsMissing").toSorted().join() === "Audited,Ready";
      }, 30_000);
      assert.deepEqual(await conditionOf(world, "Audited"), written[2]);
      await wasTold(world, "DrainsStuckResolved");
    },
  },
  {
    name: "events tell of shards that join, leave and are lost",
    needs: { ability: "virtual time", why: "a shard is lost after a while only" },
    run: async (world) => {
      await world.setUp();
      const { shards: started } = await world.startAll(["shard-a", "shard-b", "shard-c", "shard-d"]);
      world.startShard("shard-e");
      await wasTold(world, "ShardJoined");
      await started.get("shard-a")?.stop();
      await wasTold(world, "ShardLeft");
      await started.get("shard-b")?.crash();
      await wasTold(world, "ShardLost", 60_000);
      const told = (await world.eventsOn(world.name)).filter((reason) => reason.startsWith("Shard"));
      assert.deepEqual(told.toSorted(), ["ShardJoined", "ShardLeft", "ShardLost"]);
    },
  },
  {
    name: "the API server refuses a ring that has a resource twice, or as main and controlled",
    run: async (world) => {
      const both = await refused(world, [configMaps, { ...secrets, controlledResources: [configMaps] }]);
      assert.match(both, /spec\.resources: Invalid value: .*a resource is main and controlled at once: remove it/);
      assert.match(await refused(world, [secrets, secrets]), /spec\.resources\[1\]: Duplicate value/);
    },
  },
  {
    name: "a ring that is older than the rules says so, works all the same, and can be repaired",
    needs: { ability: "virtual time", why: "the definition is changed for everybody" },
    run: async (world) => {
      const path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/controllerrings.sharding.timebertt.dev";
      const definition = await world.admin.performRequest({ method: "GET", path, expectJson: true });
      const put = async (text: string): Promise<void> => {
        const { metadata: _, ...rest } = JSON.parse(text);
        const contentType = "application/merge-patch+json";
        await world.admin.performRequest({ method: "PATCH", path, contentType, bodyJson: rest, expectJson: true });
      };
      const rules = "x-kubernetes-validations";
      await put(JSON.stringify(definition, (key, value) => key === rules ? null : value));
      await world.setUp({
        ...world.spec(),
        resources: [configMaps, { ...secrets, controlledResources: [configMaps] }],
      });
      await put(JSON.stringify(definition));
      await world.startAll(shards);
      await says(
        world,
        "SpecAmbiguous",
        "MainAndControlled",
        /^spec\.resources has configmaps as main and as controlled/,
      );
      await world.createSecret("foo");
      await world.eventually("it is assigned", async () => await world.shardOf(world.secrets, "foo") !== undefined);
      const worse = [{ ...secrets, controlledResources: [configMaps, secrets] }];
      const change = (resources: JSONValue): Promise<unknown> =>
        world.rings.patch(world.name, { type: "merge", patch: { spec: { resources } } });
      await assert.rejects(change(worse), isInvalid);
      await change([{ ...secrets, controlledResources: [configMaps] }]);
      await isOver(world, "SpecAmbiguous");
      await wasTold(world, "SpecAmbiguousResolved");
    },
  },
  {
    name: "objects without any shard are reported when nobody comes for them, and not before",
    needs: { ability: "virtual time", why: "shards get half a minute to come" },
    run: async (world) => {
      await world.setUp();
      await world.createSecret("foo");
      world.startSharder();
      await world.isReady(0);
      const isSilent = async (): Promise<boolean> => await conditionOf(world, "ObjectsUnassigned") === undefined;
      await world.consistently("nothing is said", isSilent, 20_000);
      await says(
        world,
        "ObjectsUnassigned",
        "NoShardAvailable",
        new RegExp(`controllerring=${world.name}\\)$`),
        20_000,
      );
      await wasTold(world, "NoShardAvailable");
      world.startShard("shard-a");
      await isOver(world, "ObjectsUnassigned", 15_000);
      await wasTold(world, "ObjectsUnassignedResolved");
    },
  },
  {
    name: "a webhook that API servers do not reach is reported while objects come without it",
    needs: { ability: "virtual time", why: "API servers get half a minute to notice a configuration" },
    run: async (world) => {
      await world.setUp();
      await world.startAll(shards);
      await world.consistently("time passes", () => true, 31_000);
      await world.createSecrets(5, "reached");
      // What is created in the same second may be older.
      await world.consistently("time passes", () => true, 1_000);
      world.webhooks = "down";
      await world.createSecrets(5, "missed");
      await says(world, "WebhookUnreachable", "RequestsMissing", new RegExp(`controllerring-${world.name}$`));
      await wasTold(world, "RequestsMissing");
      world.webhooks = "up";
      await world.createSecret("again");
      await isOver(world, "WebhookUnreachable", 15_000);
      const isReached = async (): Promise<boolean> => await conditionOf(world, "WebhookUnreachable") === undefined;
      await world.consistently("it stays so", isReached, 60_000);
    },
  },
  {
    name: "an event tells when many objects begin to move, and one when they have",
    needs: { ability: "virtual time", why: "it takes hundreds of objects" },
    run: async (world) => {
      await world.setUp();
      const { shards: started } = await world.startAll(["shard-a", "shard-b"]);
      const names = await world.createSecrets(240);
      await world.spread(["shard-a", "shard-b"], names);
      assert.ok(!(await world.eventsOn(world.name)).includes("MassMoveStarted"));
      await started.get("shard-b")?.stop();
      await wasTold(world, "MassMoveStarted", 30_000);
      await wasTold(world, "MassMoveFinished", 90_000);
    },
  },
  {
    name: "the status of a ring in trouble is written every 10 s at most, and not at all while nothing changes",
    needs: { ability: "virtual time", why: "it lasts minutes" },
    run: async (world) => {
      const { resource: widgets } = widgetsOf(world);
      await world.setUp({ ...world.spec(), resources: [secrets, { group: widgets.group, resource: "widgets" }] });
      await world.startAll(shards);
      await says(world, "ResourcesMissing", "NotServed", /widgets/);
      const mark = world.mark;
      await world.consistently("time passes", () => true, 300_000);
      assert.deepEqual(world.writes(mark).filter(({ path }) => path.endsWith("/status")), []);
    },
  },
];
