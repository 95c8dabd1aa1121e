import assert from "node:assert/strict";
import { configMaps, secrets, type Shard } from "@controller-sharding/deno";
import { createTestStage, secret, type TestRing, type TestStage } from "@controller-sharding/deno/testing";

/** The controller under test: each Secret gets a ConfigMap that names its keys. */
function setUp(shard: Shard): void {
  const secretCache = shard.cache(secrets);
  const configMapCache = shard.cache(configMaps);
  shard.control(secretCache, {
    name: "secret-keys",
    owns: [configMapCache],
    reconcile: async ({ metadata: { name, namespace, uid = "" }, data = {} }, { signal }) => {
      const ownerReferences = [{ apiVersion: "v1", kind: "Secret", name, uid, controller: true }];
      const configMap = {
        metadata: { name: `keys-${name}`, ownerReferences },
        data: { keys: Object.keys(data).sort().join(",") },
      };
      await configMapCache.api.inNamespace(namespace).apply(configMap, { signal, fieldManager: "secret-keys" });
    },
  });
}

/** What each test begins with: the sharder, a ring, two shards, and twenty Secrets that they share. */
async function begin(stage: TestStage): Promise<TestRing> {
  stage.startSharder();
  const ring = await stage.createRing({
    name: "secret-keys",
    resources: [{ main: secrets, controlled: [configMaps] }],
  });
  for (const name of ["shard-a", "shard-b"]) ring.startShard(name, { setUp });
  await ring.untilReady(2);
  for (let index = 0; index < 20; index++) {
    await stage.api(secrets).create(secret({ name: `secret-${index}`, data: { password: "s3cret" } }));
  }
  await ring.untilReconciled();
  return ring;
}

Deno.test("when a shard is killed, the other one reconciles all that it had", async () => {
  await using stage = createTestStage({ seed: 1 });
  const ring = await begin(stage);
  const orphans = (await ring.distribution()).get("shard-a") ?? [];
  assert.ok(orphans.length > 0);

  const since = ring.reconciles().length;
  stage.process("shard-a").kill();
  await ring.untilReconciled();

  assert.deepEqual([...(await ring.distribution()).keys()], ["shard-b"]);
  for (const key of orphans) {
    const calls = ring.reconciles({ key, since });
    assert.deepEqual(new Set(calls.map(({ shard }) => shard)), new Set(["shard-b"]));
  }
  ring.assertOneOwner();
});

Deno.test("a shard that was frozen for a minute writes nothing when it thaws", async () => {
  await using stage = createTestStage({ seed: 1 });
  const ring = await begin(stage);

  stage.process("shard-a").freeze();
  await ring.untilReconciled();
  const since = stage.mark;
  stage.process("shard-a").thaw();
  await stage.advance(60_000);

  assert.deepEqual(stage.requests({ process: "shard-a", resource: configMaps, verb: "patch", since }), []);
  assert.equal(stage.process("shard-a").state, "failed"); // Its Lease was lost: a real process exits now.
});

Deno.test("conflicts, an overloaded API server and lagging watches only cost time", async () => {
  await using stage = createTestStage({ seed: 1 });
  const writes = { process: /^shard-/, resource: configMaps, verb: "patch" } as const;
  using conflicts = stage.inject({ type: "status", code: 409 }, { ...writes, times: 3 });
  using overload = stage.inject({ type: "status", code: 429, retryAfterSeconds: 1 }, { ...writes, chance: 0.2 });
  using lag = stage.inject({ type: "slow stream", ms: 500 }, { process: /^shard-/, verb: "watch" });

  await begin(stage);

  assert.equal(conflicts.hits, 3);
  assert.ok(overload.hits > 0 && lag.hits > 0);
  const { items } = await stage.api(configMaps).list();
  assert.equal(items.filter(({ data }) => data?.["keys"] === "password").length, 20);
});
