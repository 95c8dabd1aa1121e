import assert from "node:assert/strict";
import { withTroubles } from "../../../controllers/controller_ring/trouble_conditions.ts";
import { RingTroubles, type Trouble } from "../../../lib/rings/troubles.ts";
import type { RingCondition } from "../../../lib/sharding/ring_types.ts";
import { ringOf } from "./rings.ts";

const now = Date.parse("2026-01-01T00:00:00.789Z");
const later = now + 60_000;
const missing: Trouble = { type: "ResourcesMissing", reason: "NotServed", message: "no websites." };
const forbidden: Trouble = { type: "PermissionsMissing", reason: "Forbidden", message: "may not list secrets" };
const ready: RingCondition = {
  type: "Ready",
  status: "True",
  reason: "ReconciliationSucceeded",
  message: "fine",
  lastTransitionTime: "2025-01-01T00:00:00Z",
};

function typesOf(conditions: readonly RingCondition[]): string[] {
  return conditions.map(({ type }) => type);
}

Deno.test("withTroubles() adds a condition for each type of trouble, after those that are there", () => {
  const troubles = new RingTroubles();
  troubles.set("ring", "passes", [missing, forbidden]);
  const conditions = withTroubles([ready], ringOf(), troubles, now);
  assert.deepEqual(typesOf(conditions), ["Ready", "PermissionsMissing", "ResourcesMissing"]);
  assert.deepEqual(conditions[2], {
    type: "ResourcesMissing",
    status: "True",
    reason: "NotServed",
    message: "no websites.",
    observedGeneration: 3,
    lastTransitionTime: "2026-01-01T00:00:00Z",
  });
  assert.deepEqual(withTroubles(conditions, ringOf(), troubles, later), conditions);
});

Deno.test("withTroubles() joins what several sources say of one type, each sentence once", () => {
  const troubles = new RingTroubles();
  troubles.set("ring", "a", [missing]);
  troubles.set("ring", "b", [{ ...missing, message: "no themes" }, missing]);
  const [condition] = withTroubles([], ringOf(), troubles, now);
  assert.equal(condition?.message, "no websites. no themes");
});

Deno.test("withTroubles() keeps the time when only the message changes", () => {
  const troubles = new RingTroubles();
  troubles.set("ring", "passes", [missing]);
  const first = withTroubles([], ringOf(), troubles, now);
  troubles.set("ring", "passes", [{ ...missing, message: "no themes" }]);
  const [condition] = withTroubles(first, ringOf(), troubles, later);
  assert.equal(condition?.message, "no themes");
  assert.equal(condition?.lastTransitionTime, "2026-01-01T00:00:00Z");
});

Deno.test("withTroubles() drops what is over, and leaves the conditions of others alone", () => {
  const troubles = new RingTroubles();
  const foreign = { ...ready, type: "Audited" };
  troubles.set("ring", "passes", [missing]);
  troubles.conclude("ring");
  const before = withTroubles([foreign, ready], ringOf(), troubles, now);
  troubles.set("ring", "passes", []);
  assert.deepEqual(withTroubles(before, ringOf(), troubles, later), [foreign, ready]);
});

Deno.test("what an earlier leader said stays until everything was looked at once", () => {
  const earlier = new RingTroubles();
  earlier.set("ring", "passes", [missing, forbidden]);
  const before = withTroubles([ready], ringOf(), earlier, now);
  const troubles = new RingTroubles();
  assert.deepEqual(withTroubles(before, ringOf(), troubles, later), before);
  troubles.set("ring", "passes", [missing]);
  assert.deepEqual(withTroubles(before, ringOf(), troubles, later), before);
  troubles.conclude("ring");
  assert.deepEqual(typesOf(withTroubles(before, ringOf(), troubles, later)), ["Ready", "ResourcesMissing"]);
});

Deno.test("what an earlier leader said stays while a source is undecided about it", () => {
  const earlier = new RingTroubles();
  earlier.set("ring", "drains", [{ type: "DrainsStuck", reason: "NotAcknowledged", message: "shard a" }]);
  const before = withTroubles([ready], ringOf(), earlier, now);
  const troubles = new RingTroubles();
  troubles.conclude("ring");
  troubles.set("ring", "drains", [], ["DrainsStuck"]);
  assert.deepEqual(withTroubles(before, ringOf(), troubles, later), before);
  troubles.set("ring", "drains", []);
  assert.deepEqual(withTroubles(before, ringOf(), troubles, later), [ready]);
});

Deno.test("withTroubles() cuts messages that nobody would read", () => {
  const troubles = new RingTroubles();
  troubles.set("ring", "passes", [{ ...missing, message: "x".repeat(40_000) }]);
  const [condition] = withTroubles([], ringOf(), troubles, now);
  assert.equal(condition?.message.length, 2_000);
  assert.ok(condition.message.endsWith("..."));
});
