import assert from "node:assert/strict";
import { conditionEvents } from "../../../controllers/controller_ring/condition_events.ts";
import type { ControllerRingStatus, RingCondition } from "../../../lib/sharding/ring_types.ts";

function condition(type: string, fields: Partial<RingCondition> = {}): RingCondition {
  return { type, status: "True", reason: "Because", message: "as it is", lastTransitionTime: "", ...fields };
}

function statusOf(...conditions: RingCondition[]): ControllerRingStatus {
  return { shards: 0, availableShards: 0, conditions };
}

/** `type reason: message` of the events between two statuses. */
function told(before: ControllerRingStatus | undefined, after: ControllerRingStatus): string[] {
  return conditionEvents(before, after).map(({ type, reason, message }) => `${type} ${reason}: ${message}`);
}

Deno.test("conditionEvents() warns when a trouble begins, or becomes another, and of nothing that stays", () => {
  const stuck = condition("DrainsStuck", { reason: "NotAcknowledged", message: "shard a" });
  assert.deepEqual(told(undefined, statusOf(condition("Ready"), stuck)), ["Warning NotAcknowledged: shard a"]);
  assert.deepEqual(told(statusOf(stuck), statusOf({ ...stuck, observedGeneration: 2 })), []);
  assert.deepEqual(told(statusOf(stuck), statusOf({ ...stuck, message: "shard b" })), [
    "Warning NotAcknowledged: shard b",
  ]);
});

Deno.test("conditionEvents() tells when a trouble is over", () => {
  const stuck = condition("DrainsStuck", { reason: "NotAcknowledged", message: "shard a" });
  assert.deepEqual(told(statusOf(stuck), statusOf()), [
    "Normal DrainsStuckResolved: This does not hold any more: shard a",
  ]);
});

Deno.test("conditionEvents() tells of a pause and its end as of something wanted", () => {
  const paused = condition("Paused");
  assert.deepEqual(told(statusOf(), statusOf(paused)), ["Normal Paused: as it is"]);
  assert.deepEqual(told(statusOf(paused), statusOf()), ["Normal Resumed: Objects move between live shards again"]);
});

Deno.test("conditionEvents() tells when a ring is ready again, and not that a new one is", () => {
  const failed = condition("Ready", { status: "False" });
  assert.deepEqual(told(statusOf(failed), statusOf(condition("Ready"))), ["Normal ReconciliationSucceeded: as it is"]);
  assert.deepEqual(told(undefined, statusOf(condition("Ready"))), []);
  assert.deepEqual(told(statusOf(condition("Ready")), statusOf(failed)), []);
});

Deno.test("conditionEvents() says nothing of the conditions of others", () => {
  assert.deepEqual(told(statusOf(condition("Mine")), statusOf(condition("Yours"))), []);
});
