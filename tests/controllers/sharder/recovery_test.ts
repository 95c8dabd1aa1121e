import assert from "node:assert/strict";
import { setUpChecksumController } from "../../../controllers/examples/checksum/mod.ts";
import { leases } from "../../../lib/k8s/kinds/coordination.ts";
import { secrets } from "../../../lib/k8s/kinds/core.ts";
import { createTestStage, secret, type TestRing, type TestStage } from "../../../testing.ts";

const objects = 60;

/** A sharder and three shards that have settled. */
async function begin(stage: TestStage): Promise<TestRing> {
  stage.startSharder("sharder-1");
  const ring = await stage.createRing();
  for (const name of ["shard-a", "shard-b", "shard-c"]) ring.startShard(name, { setUp: setUpChecksumController });
  await ring.untilReady(3);
  await stage.advance(20_000);
  return ring;
}

async function create(stage: TestStage): Promise<void> {
  for (let i = 0; i < objects; i++) await stage.api(secrets).create(secret({ name: `missed-${i}` }));
}

/** Waits until every object has a shard. @returns when that was, in monotonic milliseconds */
async function untilAssigned(stage: TestStage, ring: TestRing): Promise<number> {
  await stage.eventually("every object has a shard", async () => {
    const { items } = await stage.api(secrets).asMetadata().list();
    return items.length === objects && items.every((object) => ring.ownerOf(object) !== undefined);
  });
  return stage.clock.monotonic();
}

Deno.test("objects that were created while the webhook was away have a shard within two seconds", async () => {
  await using stage = createTestStage();
  const ring = await begin(stage);
  using _away = stage.interceptWebhooks(() => {
    throw new Error("the connection was refused");
  });
  const begun = stage.clock.monotonic();
  await create(stage);
  const took = await untilAssigned(stage, ring) - begun;
  assert.ok(took <= 2_000, `it took ${took} ms`);
});

Deno.test.each(
  [
    // A Lease that nobody released is waited for, from when the new process has first seen it.
    ["killed", "kill", 15_000],
    ["asked to stop", "stop", 0],
  ] as const,
)("objects that were created while no sharder ran, as it was %s, have a shard two seconds after one leads", async (
  ...[
    _,
    end,
    wait,
  ]
) => {
  await using stage = createTestStage();
  const ring = await begin(stage);
  await stage.process("sharder-1")[end]();
  await create(stage);
  await stage.advance(1_000);
  let leads = NaN;
  using _watched = stage.server.observe(leases, (_, lease) => {
    if (lease?.spec?.holderIdentity === "sharder-2" && Number.isNaN(leads)) leads = stage.clock.monotonic();
  });
  const begun = stage.clock.monotonic();
  stage.startSharder("sharder-2");
  const assigned = await untilAssigned(stage, ring);
  assert.ok(leads - begun >= wait && leads - begun <= wait + 500, `it leads after ${leads - begun} ms`);
  assert.ok(assigned - leads <= 2_000, `${assigned - leads} ms after it leads`);
});
