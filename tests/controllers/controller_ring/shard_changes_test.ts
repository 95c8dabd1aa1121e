import assert from "node:assert/strict";
import { ShardChanges } from "../../../controllers/controller_ring/shard_changes.ts";
import { viewOf } from "../../lib/sharding/views.ts";

/** What is told after these views, the first of which was there before. */
function told(first: Parameters<typeof viewOf>[0], ...views: readonly Parameters<typeof viewOf>[0][]): string[] {
  const changes = new ShardChanges(viewOf(first));
  for (const view of views) changes.note(viewOf(view));
  return changes.take().map(({ type, reason, message }) => `${type} ${reason}: ${message}`);
}

Deno.test("ShardChanges tells of shards that join, together", () => {
  assert.deepEqual(told({ a: "ready" }, { a: "ready", c: "ready" }, { a: "ready", b: "ready", c: "ready" }), [
    "Normal ShardJoined: Shards b, c have joined and get objects",
  ]);
});

Deno.test("ShardChanges tells shards that left in order from those that were taken over", () => {
  assert.deepEqual(told({ a: "ready", b: "ready", c: "ready" }, { a: "ready", b: "dead", c: "held" }), [
    "Normal ShardLeft: Shard b has left, others get its objects",
    "Warning ShardLost: Shard c has stopped renewing its Lease: it was taken over, and others get its objects",
  ]);
});

Deno.test("ShardChanges calls a shard without a Lease gone, as nobody knows more", () => {
  assert.deepEqual(told({ a: "ready", b: "ready" }, { a: "ready" }), [
    "Normal ShardLeft: Shard b has left, others get its objects",
  ]);
});

Deno.test("ShardChanges does not mention a shard that is late, or was away for a moment", () => {
  assert.deepEqual(told({ a: "ready" }, { a: "expired" }, { a: "ready" }), []);
  assert.deepEqual(told({ a: "ready" }, { a: "dead" }, { a: "ready" }), []);
  assert.deepEqual(told({ a: "ready" }, { a: "ready", b: "ready" }, { a: "ready", b: "dead" }), []);
});

Deno.test("ShardChanges always tells of a shard that was taken over, and that it is back", () => {
  assert.deepEqual(told({ a: "ready" }, { a: "held" }, { a: "ready" }), [
    "Normal ShardJoined: Shard a has joined and gets objects",
    "Warning ShardLost: Shard a has stopped renewing its Lease: it was taken over, and others get its objects",
  ]);
});

Deno.test("ShardChanges lists ten names, and says nothing twice", () => {
  const many = Object.fromEntries(Array.from({ length: 12 }, (_, index) => [`s${10 + index}`, "ready" as const]));
  const changes = new ShardChanges(viewOf({}));
  changes.note(viewOf(many));
  assert.equal(
    changes.take()[0]?.message,
    "Shards s10, s11, s12, s13, s14, s15, s16, s17, s18, s19 and others have joined and get objects",
  );
  changes.note(viewOf(many));
  assert.ok(changes.isEmpty);
  assert.deepEqual(changes.take(), []);
});
