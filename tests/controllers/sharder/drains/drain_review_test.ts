import assert from "node:assert/strict";
import { drainsOutOfScope, hasUnwantedDrains } from "../../../../controllers/sharder/drains/drain_review.ts";
import { PendingDrains } from "../../../../controllers/sharder/drains/pending_drains.ts";
import { ApiServer } from "../../../../lib/apiserver/mod.ts";
import { pausedAnnotation } from "../../../../lib/sharding/names.ts";
import { VirtualClock } from "../../../../lib/util/clock/mod.ts";
import { seededRandom } from "../../../../lib/util/random.ts";
import { snapshotOf } from "../snapshots.ts";
import { configMapsOn, secretsOn } from "../targets.ts";

const shards = { "shard-a": "ready", "shard-b": "ready" } as const;
const ring = snapshotOf(shards);
const key = "/Secret/default/foo";
const wanted = ring.view.shardFor(key) ?? "";
const other = wanted === "shard-a" ? "shard-b" : "shard-a";

Deno.test("a drain is wanted while the object belongs to another shard than the one that has it", () => {
  const pending = new PendingDrains();
  assert.equal(hasUnwantedDrains(pending, ring), false);
  pending.add(key, other);
  assert.equal(hasUnwantedDrains(pending, ring), false);
  assert.equal(hasUnwantedDrains(pending, snapshotOf({ [other]: "ready" })), true);
  pending.add("/Secret/default/bar", ring.view.shardFor("/Secret/default/bar") ?? "");
  assert.equal(hasUnwantedDrains(pending, ring), true);
});

Deno.test("in a paused ring no drain is wanted", () => {
  const paused = snapshotOf(shards, true, { [pausedAnnotation]: "true" });
  const pending = new PendingDrains();
  assert.equal(hasUnwantedDrains(pending, paused), false);
  pending.add(key, other);
  assert.equal(hasUnwantedDrains(pending, paused), true);
});

Deno.test("drains of resources and namespaces that are not the ring's are told", () => {
  const client = new ApiServer({ clock: new VirtualClock(), random: seededRandom(1) }).client();
  const targets = [secretsOn(client), configMapsOn(client)];
  const pending = new PendingDrains();
  const outside = [
    "/Secret/kube-system/foo",
    "/Secret/unknown/foo",
    "/ConfigMap/default/foo",
    "apps/Secret/default/foo",
  ];
  for (const each of [key, ...outside]) pending.add(each, "shard-a");
  assert.deepEqual(drainsOutOfScope(pending, targets, ring), outside);
});
