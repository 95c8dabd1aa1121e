import assert from "node:assert/strict";
import type { KubeObject } from "../../../lib/k8s/types.ts";
import type { Resource } from "../../../lib/k8s/api/resource.ts";
import type { Draft } from "../../../lib/k8s/types.ts";
import { leases } from "../../../lib/k8s/kinds/coordination.ts";
import { configMaps, namespaces, secrets } from "../../../lib/k8s/kinds/core.ts";
import { controllerRings } from "../../../lib/sharding/ring_types.ts";
import { ourTiming, shardState } from "../../../lib/sharding/shard_state.ts";
import {
  configMap,
  createTestStage,
  lease,
  namespace,
  ring,
  secret,
  shardLabels,
  shardLease,
  stageStart,
  type TestStage,
} from "../../../testing.ts";

async function accepted<T extends KubeObject>(stage: TestStage, resource: Resource<T>, draft: Draft<T>): Promise<T> {
  return await stage.api(resource).create(draft);
}

Deno.test("what the builders make by default is taken by the API server", async () => {
  await using stage = createTestStage();
  assert.equal((await accepted(stage, secrets, secret())).metadata.name, "secret");
  assert.equal((await accepted(stage, configMaps, configMap())).metadata.name, "config-map");
  assert.equal((await accepted(stage, namespaces, namespace())).metadata.name, "namespace");
  assert.equal((await accepted(stage, leases, lease())).spec?.holderIdentity, "lease");
  assert.equal((await accepted(stage, leases, shardLease())).metadata.name, "shard");
  assert.deepEqual((await accepted(stage, controllerRings, ring())).spec, {
    resources: [{ group: "", resource: "secrets", controlledResources: [{ group: "", resource: "configmaps" }] }],
  });
});

Deno.test("builders take every field", () => {
  assert.deepEqual(secret({ name: "a", namespace: "b", labels: { c: "d" }, data: { key: "value" } }), {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "a", namespace: "b", labels: { c: "d" } },
    data: { key: "dmFsdWU=" },
  });
  assert.deepEqual(configMap({ annotations: { a: "b" }, metadata: { finalizers: ["x/y"] } }).metadata, {
    name: "config-map",
    namespace: "default",
    annotations: { a: "b" },
    finalizers: ["x/y"],
  });
  assert.deepEqual(ring({ name: "r", resources: [configMaps], namespaceSelector: {} }).spec, {
    resources: [{ group: "", resource: "configmaps" }],
    namespaceSelector: {},
  });
  assert.deepEqual(ring({ spec: {} }).spec, {});
  const fields = { name: "l", holder: "", duration: 3, renewedAt: 5_000, acquiredAt: 1_000, transitions: 7 };
  assert.deepEqual(lease({ ...fields, spec: { leaseTransitions: 8 } }).spec, {
    holderIdentity: "",
    leaseDurationSeconds: 3,
    acquireTime: "1970-01-01T00:00:01.000000Z",
    renewTime: "1970-01-01T00:00:05.000000Z",
    leaseTransitions: 8,
  });
});

Deno.test("a shard's Lease is ready, and expires; with a proof it is known when the shard stops", async () => {
  await using stage = createTestStage();
  const made = await accepted(stage, leases, shardLease({ ring: "r", name: "s", stopsAfter: 10 }));
  assert.equal(made.metadata.labels?.["alpha.sharding.timebertt.dev/controllerring"], "r");
  const judge = (age: number): ReturnType<typeof shardState> =>
    shardState(made, undefined, { wall: stageStart + age, monotonic: age }, ourTiming);
  assert.deepEqual([judge(14_999).state, judge(14_999).proven], ["ready", true]);
  assert.equal(judge(15_000).state, "expired");
});

Deno.test("labels of a shard say to whom an object belongs, and whether it shall leave", () => {
  assert.deepEqual(shardLabels("r", "s"), { "shard.alpha.sharding.timebertt.dev/r": "s" });
  assert.deepEqual(shardLabels("r", "s", { draining: true }), {
    "shard.alpha.sharding.timebertt.dev/r": "s",
    "drain.alpha.sharding.timebertt.dev/r": "true",
  });
});
