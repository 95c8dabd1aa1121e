import assert from "node:assert/strict";
import * as sharding from "../mod.ts";
import { createTestStage, secret, type TestStage } from "../testing.ts";

/** The controller under test: each Secret gets a ConfigMap that names its keys. */
function setUp(shard: sharding.Shard): void {
  const secrets = shard.cache(sharding.secrets);
  const configMaps = shard.cache(sharding.configMaps);
  shard.control(secrets, {
    name: "secret-keys",
    owns: [configMaps],
    reconcile: async ({ metadata: { name, namespace, uid = "" }, data = {} }, { signal }) => {
      const ownerReferences = [{ apiVersion: "v1", kind: "Secret", name, uid, controller: true }];
      const keys = Object.keys(data).sort().join(",");
      const configMap = { metadata: { name: `keys-${name}`, ownerReferences }, data: { keys } };
      await configMaps.api.inNamespace(namespace).apply(configMap, { signal, fieldManager: "secret-keys" });
    },
  });
}

/** Two shards and the sharder share twenty Secrets; then one shard is killed. */
async function crash(stage: TestStage): Promise<void> {
  stage.startSharder();
  const ring = await stage.createRing({
    name: "secret-keys",
    resources: [{ main: sharding.secrets, controlled: [sharding.configMaps] }],
  });
  const doomed = ring.startShard("shard-a", { setUp });
  ring.startShard("shard-b", { setUp });
  await ring.untilReady(2);
  const names = Array.from({ length: 20 }, (_, index) => `secret-${index}`);
  for (const name of names) await stage.api(sharding.secrets).create(secret({ name, data: { password: "s3cret" } }));
  await ring.untilSettled();
  const before = await ring.distribution();
  const moved = before.get("shard-a") ?? [];
  assert.equal(moved.length + (before.get("shard-b") ?? []).length, names.length);
  assert.ok(moved.length > 0);

  doomed.kill();
  const since = ring.reconciles().length;
  await ring.untilSettled();
  await stage.advance(1_000);
  assert.deepEqual([...(await ring.distribution()).keys()], ["shard-b"]);
  for (const key of moved) assert.ok(ring.reconciles({ key, since, shard: "shard-b" }).length > 0, key);
  ring.assertOneOwner();
  const { items } = await stage.api(sharding.configMaps).list();
  assert.equal(items.filter(({ data }) => data?.["keys"] === "password").length, names.length);
}

Deno.test("a shard that is killed loses its objects to the other one, and each is reconciled there", async () => {
  await using stage = createTestStage({ seed: 1 });
  await crash(stage);
});
