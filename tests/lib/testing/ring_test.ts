import assert from "node:assert/strict";
import { leases } from "../../../lib/k8s/kinds/coordination.ts";
import { configMaps, secrets } from "../../../lib/k8s/kinds/core.ts";
import { sleep } from "../../../lib/util/clock/mod.ts";
import { createTestStage, secret, shardLabels, shardLease, type TestStage } from "../../../testing.ts";
import { createRing, setUp } from "./secret_keys.ts";

async function createSecrets(stage: TestStage, count: number): Promise<string[]> {
  const names = Array.from({ length: count }, (_, index) => `secret-${index}`);
  for (const name of names) await stage.api(secrets).create(secret({ name, data: { key: "value" } }));
  return names.map((name) => `default/${name}`);
}

Deno.test("untilSettled() waits for shards that were started, and for objects that move to a shard that joins", async () => {
  await using stage = createTestStage();
  stage.startSharder();
  const ring = await createRing(stage);
  ring.startShard("shard-a", { setUp });
  const keys = await createSecrets(stage, 20);
  await ring.untilSettled();
  assert.deepEqual([...await ring.distribution()], [["shard-a", keys.sort()]]);
  ring.startShard("shard-b", { setUp });
  await ring.untilReconciled();
  const after = await ring.distribution();
  assert.deepEqual([...after.keys()], ["shard-a", "shard-b"]);
  assert.ok([...after.values()].every((own) => own.length > 3), JSON.stringify([...after]));
  const { items } = await stage.api(configMaps).list();
  assert.equal(items.length, 20);
  for (const child of items) {
    const main = await stage.api(secrets).inNamespace("default").get(child.metadata.name.slice("keys-".length));
    assert.equal(ring.ownerOf(child), ring.ownerOf(main));
  }
  ring.assertOneOwner();
});

Deno.test("untilSettled() names what is not where it belongs", async () => {
  await using stage = createTestStage();
  const ring = await createRing(stage);
  await stage.api(secrets).create(secret({ name: "lost" }));
  await assert.rejects(ring.untilSettled({ within: 100 }), /ring secret-keys has no live shard/);
  await stage.api(leases).create(shardLease({ ring: ring.name, name: "shard-x" }));
  await assert.rejects(ring.untilSettled({ within: 100 }), /secrets default\/lost has no shard and belongs to shard-x/);
  const labels = { ...shardLabels(ring.name, "shard-x", { draining: true }) };
  await stage.api(secrets).inNamespace("default").patch("lost", { type: "merge", patch: { metadata: { labels } } });
  await assert.rejects(ring.untilSettled({ within: 100 }), /secrets default\/lost is asked to leave shard-x/);
  assert.deepEqual([...await ring.distribution()], [["shard-x", ["default/lost"]]]);
  ring.startShard("shard-y", { setUp });
  await assert.rejects(ring.untilSettled({ within: 0 }), /shard shard-y has no valid Lease yet/);
  await createSecrets(stage, 7);
  assert.equal((await ring.distribution()).get("")?.length, 7);
  await assert.rejects(ring.untilSettled({ within: 100 }), /; and 3 more/);
});

Deno.test("untilReady() says what is missing", async () => {
  await using stage = createTestStage();
  const ring = await createRing(stage);
  await assert.rejects(ring.untilReady(1, { within: 10 }), /it is not ready: nobody looked at it yet/);
  stage.startSharder();
  ring.startShard("shard-a", { setUp });
  await ring.untilReady(1);
  await assert.rejects(ring.untilReady(2, { within: 10 }), /2 available shards: it has 1/);
});

const ends = ["stop", "kill", "freeze", "disconnect"] as const;
for (const end of ends) {
  Deno.test(`after the ${end} of a shard its objects are reconciled by the others, and by one at a time`, async () => {
    await using stage = createTestStage({ seed: 3 });
    stage.startSharder();
    const ring = await createRing(stage);
    const shards = ["shard-a", "shard-b", "shard-c"].map((name) => ring.startShard(name, { setUp }));
    await ring.untilReady(3);
    const keys = await createSecrets(stage, 20);
    await ring.untilReconciled();
    await stage.advance(1_000);
    const [gone] = shards;
    const moving = (await ring.distribution()).get("shard-a") ?? [];
    assert.ok(moving.length > 0);
    const since = ring.reconciles().length;
    await gone?.[end]();
    await ring.untilReconciled();
    await stage.advance(1_000);
    for (const key of moving) {
      const by = new Set(ring.reconciles({ key, since }).map(({ shard }) => shard));
      assert.equal(by.size, 1, `${key} was reconciled by ${[...by]}`);
      assert.ok(!by.has("shard-a"));
    }
    const all = [...(await ring.distribution()).values()].flat();
    assert.deepEqual(all.sort(), keys.sort());

    // What was frozen or cut off finds out, and writes nothing any more.
    const mark = stage.mark;
    if (end === "freeze") gone?.thaw();
    if (end === "disconnect") gone?.reconnect();
    await stage.advance(30_000);
    assert.deepEqual(stage.requests({ process: "shard-a", resource: configMaps, verb: "patch", since: mark }), []);
    assert.equal(gone?.state, { stop: "stopped", kill: "killed", freeze: "failed", disconnect: "failed" }[end]);
    ring.assertOneOwner();
  });
}

Deno.test("assertOneOwner() finds a reconciler that goes on when it should not", async () => {
  await using stage = createTestStage();
  const ring = await createRing(stage);
  // Without a sharder, the test itself gives the object away while the first shard works on it.
  for (const name of ["shard-a", "shard-b"]) {
    ring.startShard(name, {
      setUp: (shard) =>
        shard.control(shard.cache(secrets), {
          name: "slow",
          reconcile: async (_object, { signal }) => await sleep(shard.clock, 1_000, signal),
        }),
    });
  }
  await stage.api(secrets).create(secret({ name: "a", labels: shardLabels(ring.name, "shard-a") }));
  await stage.eventually("it is worked on", () => ring.reconciles().length === 1);
  ring.assertOneOwner();
  const patch = { metadata: { labels: shardLabels(ring.name, "shard-b") } };
  await stage.api(secrets).inNamespace("default").patch("a", { type: "merge", patch });
  await stage.eventually("it is worked on again", () => ring.reconciles({ shard: "shard-b" }).length === 1);
  assert.throws(() => ring.assertOneOwner(), /two shards worked on Secret default\/a: shard-b began at .* shard-a had/);
});

Deno.test("untilReconciled() tells which object was not, and why", async () => {
  await using stage = createTestStage();
  stage.startSharder();
  const ring = await createRing(stage);
  ring.startShard("shard-a", { setUp });
  await ring.untilReady(1);
  await createSecrets(stage, 1);
  await ring.untilReconciled();
  await assert.rejects(
    ring.untilReconciled({ within: 10, since: 1_000 }),
    /secrets default\/secret-0 was not reconciled by shard-a/,
  );
  using _fault = stage.inject({ type: "status", code: 500 }, { resource: configMaps, verb: "patch" });
  await stage.api(secrets).create(secret({ name: "poor" }));
  await stage.eventually("it was tried", () => ring.reconciles({ key: "default/poor" }).length > 0);
  await assert.rejects(
    ring.untilReconciled({ within: 1_000 }),
    /secrets default\/poor could not be reconciled by shard-a: .*an injected fault/,
  );
});

Deno.test("reconciles() tells how calls ended", async () => {
  await using stage = createTestStage({ latency: 0 });
  stage.startSharder();
  const ring = await createRing(stage);
  ring.startShard("shard-a", { setUp });
  await ring.untilReady(1);
  using fault = stage.inject({ type: "status", code: 500 }, {
    process: "shard-a",
    resource: configMaps,
    verb: "patch",
    times: 1,
  });
  const [key = ""] = await createSecrets(stage, 1);
  await stage.eventually("it was tried again", () => ring.reconciles({ key }).length >= 2);
  assert.equal(fault.hits, 1);
  const [first, second] = ring.reconciles({ key, controller: "secret-keys", kind: "Secret", shard: "shard-a" });
  assert.match(String(first?.error), /InternalError \(500\): an injected fault/);
  assert.equal(second?.error, undefined);
  assert.ok((second?.startedAt ?? 0) > (first?.endedAt ?? Infinity));
  assert.deepEqual(ring.reconciles({ since: 1, key: "other" }), []);
});

Deno.test("while the sharder is frozen objects are created without a shard, and get one when it thaws", async () => {
  await using stage = createTestStage();
  const sharder = stage.startSharder("sharder-a", { config: { controller: { sharder: { syncPeriod: "1m" } } } });
  const ring = await createRing(stage);
  ring.startShard("shard-a", { setUp });
  await ring.untilReady(1);
  await stage.advance(1_000);
  sharder.freeze();
  const begin = stage.clock.monotonic();
  const created = await stage.settle(stage.api(secrets).create(secret({ name: "a" })));
  assert.equal(ring.ownerOf(created), undefined);
  assert.equal(stage.clock.monotonic() - begin, 2_000, "the webhook's timeout");
  sharder.thaw();
  await ring.untilSettled();
  sharder.kill();
  assert.equal(ring.ownerOf(await stage.api(secrets).create(secret({ name: "b" }))), undefined);
  stage.startSharder("sharder-b");
  await ring.untilSettled();
});

Deno.test("replicas of the sharder take turns at the webhook, also those that do not lead, and none that is gone", async () => {
  await using stage = createTestStage();
  const [first, second] = [stage.startSharder("sharder-a"), stage.startSharder("sharder-b")];
  const ring = await createRing(stage);
  ring.startShard("shard-a", { setUp });
  await ring.untilReady(1);
  await stage.advance(5_000);
  const create = async (name: string): Promise<string | undefined> =>
    ring.ownerOf(await stage.api(secrets).create(secret({ name })));
  assert.deepEqual([await create("a"), await create("b"), await create("c")], ["shard-a", "shard-a", "shard-a"]);
  first.kill();
  assert.deepEqual([await create("d"), await create("e")], ["shard-a", "shard-a"]);
  await second.stop();
  assert.equal(await create("f"), undefined);
});
