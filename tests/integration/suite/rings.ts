import assert from "node:assert/strict";
import type { MutatingWebhookConfiguration } from "../../../lib/k8s/types.ts";
import { mutatingWebhookConfigurations } from "../../../lib/k8s/kinds/admissionregistration.ts";
import { fieldManager, webhookConfigurationName, webhookPath } from "../../../lib/sharding/names.ts";
import type { RingCondition } from "../../../lib/sharding/ring_types.ts";
import type { Behaviour } from "../suite.ts";
import type { World } from "../world.ts";

async function configurationOf(world: World): Promise<MutatingWebhookConfiguration | undefined> {
  return await world.api(mutatingWebhookConfigurations).find(webhookConfigurationName(world.name));
}

async function readyOf(world: World): Promise<RingCondition | undefined> {
  const { status } = await world.rings.get(world.name);
  return status?.conditions?.find(({ type }) => type === "Ready");
}

/** The webhook configuration and status of a ring. */
export const rings: readonly Behaviour[] = [
  {
    name: "a ring gets its webhook configuration and is ready",
    run: async (world) => {
      await world.setUp();
      world.startSharder();
      await world.isReady(0);
      const ring = await world.rings.get(world.name);
      assert.equal(ring.status?.observedGeneration, ring.metadata.generation);
      const isMeant = (type: string): boolean => world.stage.rights === "ours" || type !== "PermissionsMissing";
      const [condition, ...others] = (ring.status?.conditions ?? []).filter(({ type }) => isMeant(type));
      assert.deepEqual(others, []);
      assert.equal(condition?.reason, "ReconciliationSucceeded");
      assert.equal(condition?.message, "ControllerRing was successfully reconciled");
      assert.equal(condition?.observedGeneration, ring.metadata.generation);

      const configuration = await configurationOf(world);
      assert.deepEqual(configuration?.metadata.labels, {
        "app.kubernetes.io/name": "controller-sharding",
        "alpha.sharding.timebertt.dev/controllerring": world.name,
      });
      assert.deepEqual(configuration?.metadata.ownerReferences, [{
        apiVersion: "sharding.timebertt.dev/v1alpha1",
        kind: "ControllerRing",
        name: world.name,
        uid: ring.metadata.uid,
        controller: true,
        blockOwnerDeletion: true,
      }]);
      const [webhook, ...more] = configuration?.webhooks ?? [];
      assert.deepEqual(more, []);
      assert.equal(webhook?.name, "sharder.sharding.timebertt.dev");
      assert.equal(webhook?.clientConfig.url, `${world.stage.clientConfig.url}${webhookPath(world.name)}`);
      assert.equal(webhook?.clientConfig.caBundle, world.stage.clientConfig.caBundle);
      assert.deepEqual(
        webhook?.rules,
        ["secrets", "configmaps"].map((resource) => ({
          operations: ["CREATE", "UPDATE"],
          apiGroups: [""],
          apiVersions: ["*"],
          resources: [resource],
          scope: "*",
        })),
      );
      assert.deepEqual(webhook?.objectSelector, {
        matchExpressions: [{ key: world.shardLabel, operator: "DoesNotExist" }],
      });
      assert.deepEqual(webhook?.namespaceSelector, {
        matchLabels: { "kubernetes.io/metadata.name": world.name },
      });
      const labels = "object.metadata.labels";
      assert.deepEqual(webhook?.matchConditions, [{
        name: "has-no-shard",
        expression: `!(has(${labels}) && '${world.shardLabel}' in ${labels} && ${labels}['${world.shardLabel}'] != '')`,
      }]);
      assert.equal(webhook?.failurePolicy, "Ignore");
      assert.equal(webhook?.timeoutSeconds, 2);
      assert.equal(webhook?.sideEffects, "None");
      assert.deepEqual(webhook?.admissionReviewVersions, ["v1"]);
    },
  },
  {
    name: "a change of the ring reaches its webhook configuration and its status",
    run: async (world) => {
      await world.setUp();
      await world.startAll(["shard-a"]);
      const spec = { resources: [{ group: "", resource: "configmaps" }] };
      const { metadata } = await world.rings.patch(world.name, { type: "merge", patch: { spec } });
      await world.eventually("the configuration has the new rules", async () => {
        const [webhook] = (await configurationOf(world))?.webhooks ?? [];
        return webhook?.rules?.map(({ resources }) => resources).join() === "configmaps";
      });
      await world.eventually("the status is that of the new generation", async () => {
        const { status } = await world.rings.get(world.name);
        return status?.observedGeneration === metadata.generation &&
          status?.conditions?.[0]?.observedGeneration === metadata.generation;
      });
    },
  },
  {
    name: "a webhook configuration that is deleted or changed is repaired",
    run: async (world) => {
      await world.setUp();
      await world.startAll(["shard-a"]);
      const api = world.api(mutatingWebhookConfigurations);
      const name = webhookConfigurationName(world.name);
      await api.delete(name);
      await world.eventually("it is back", async () => await configurationOf(world) !== undefined);
      const damaged = await api.get(name);
      await api.replace({ ...damaged, metadata: { ...damaged.metadata, labels: {} }, webhooks: [] }, { fieldManager });
      await world.eventually("the rules are back", async () => {
        const current = await configurationOf(world);
        return current?.webhooks?.[0]?.rules?.length === 2;
      });
    },
  },
  {
    name: "a webhook configuration that somebody else has taken over makes the ring not ready, and it says who",
    run: async (world) => {
      await world.setUp();
      await world.startAll(["shard-a"]);
      const api = world.api(mutatingWebhookConfigurations);
      const name = webhookConfigurationName(world.name);
      const patch = {
        type: "json",
        operations: [{ op: "replace", path: "/webhooks/0/timeoutSeconds", value: 9 }],
      } as const;
      await api.patch(name, patch, { fieldManager: "somebody-else" });
      await world.eventually("the ring says so", async () => {
        const condition = await readyOf(world);
        return condition?.status === "False" && condition.reason === "ReconciliationFailed" &&
          condition.message.startsWith("Error reconciling webhooks for ControllerRing: ") &&
          condition.message.includes("somebody-else");
      });
      await world.eventually(
        "an event says so",
        async () => (await world.eventsOn(world.name)).includes("ReconciliationFailed"),
      );
      // Sharding goes on meanwhile.
      await world.spread(["shard-a"], await world.createSecrets(2));
      const { webhooks } = await api.get(name);
      const restored = {
        type: "json",
        operations: [{ op: "replace", path: "/webhooks/0/timeoutSeconds", value: 2 }],
      } as const;
      assert.equal(webhooks?.[0]?.timeoutSeconds, 9);
      await api.patch(name, restored, { fieldManager: "somebody-else" });
      await world.isReady(1);
    },
  },
  {
    name: "the status counts the shards as Leases come, are released, are acquired again and go",
    run: async (world) => {
      await world.setUp();
      world.startSharder();
      await world.isReady(0);
      await world.writeLease("shard-a", { duration: 3_600 });
      await world.isReady(1);
      await world.writeLease("shard-b", { duration: 3_600, holder: "" });
      await world.isReady(1, 2);
      await world.writeLease("shard-b", { duration: 3_600 });
      await world.isReady(2);
      await world.writeLease("shard-b", { duration: 3_600, holder: "somebody" });
      await world.isReady(1, 2);
      await world.leases.delete("shard-b");
      await world.isReady(1);
    },
  },
  {
    name: "a resource that is added to a ring has its objects assigned",
    run: async (world) => {
      await world.setUp(null);
      await world.createRing(world.name, { ...world.spec(), resources: [{ group: "", resource: "secrets" }] });
      await world.configMaps.create({ metadata: { name: "early" } });
      await world.startAll(["shard-a"]);
      assert.equal(await world.shardOf(world.configMaps, "early"), undefined);
      const spec = { resources: ["secrets", "configmaps"].map((resource) => ({ group: "", resource })) };
      await world.rings.patch(world.name, { type: "merge", patch: { spec } });
      await world.eventually(
        "it is assigned",
        async () => await world.shardOf(world.configMaps, "early") === "shard-a",
        3_000,
      );
      await world.configMaps.create({ metadata: { name: "late" } });
      await world.eventually(
        "a new one is too",
        async () => await world.shardOf(world.configMaps, "late") === "shard-a",
        3_000,
      );
    },
  },
  {
    name: "without our finalizer a ring goes at once, with its webhook configuration, and new objects are left alone",
    run: async (world) => {
      await world.setUp();
      await world.startAll(["shard-a"], { ringFinalizer: false });
      await world.createSecret("foo");
      await world.rings.delete(world.name);
      await world.eventually(
        "the configuration is gone",
        async () => await configurationOf(world) === undefined,
        30_000,
      );
      await world.eventually("foo has no label", async () => await world.shardOf(world.secrets, "foo") === undefined);
      const mark = world.mark;
      const { metadata } = await world.createSecret("bar");
      assert.equal(metadata.labels?.[world.shardLabel], undefined);
      // It may hear of the end of the configuration before that of the ring; what it writes then goes the same way.
      const configurations = "/mutatingwebhookconfigurations/";
      await world.consistently(
        "the sharder writes nothing else",
        () =>
          world.writes(mark).every(({ process, path }) =>
            !process.includes("sharder") || path.includes(configurations)
          ),
        1_000,
      );
      assert.equal(await configurationOf(world), undefined);
    },
  },
  {
    name: "a ring that is created again under its name starts anew",
    run: async (world) => {
      await world.setUp();
      await world.startAll(["shard-a"], { ringFinalizer: false });
      await world.rings.delete(world.name);
      await world.rings.create({ metadata: { name: world.name }, spec: world.spec() });
      await world.isReady(1);
      await world.eventually("the configuration belongs to the new ring", async () => {
        const { metadata } = await world.rings.get(world.name);
        return (await configurationOf(world))?.metadata.ownerReferences?.[0]?.uid === metadata.uid;
      }, 30_000);
      await world.spread(["shard-a"], await world.createSecrets(3));
    },
  },
  {
    name: "a ring with an invalid namespace selector is not ready, and others are not disturbed",
    run: async (world) => {
      await world.setUp();
      const odd = `${world.name}-odd`;
      await world.createRing(odd, {
        resources: [{ group: "", resource: "secrets" }],
        namespaceSelector: { matchExpressions: [{ key: "x", operator: "Near", values: ["y"] }] },
      });
      await world.startAll(["shard-a"]);
      await world.eventually("the odd ring is not ready", async () => {
        const { status } = await world.rings.get(odd);
        return status?.conditions?.some(({ status, type }) => type === "Ready" && status === "False") === true;
      });
      assert.ok(world.logged(new RegExp(`cannot use the ControllerRing's namespace selector.*ring=${odd}.*Near`)));
      await world.spread(["shard-a"], await world.createSecrets(2));
    },
  },
];
