import assert from "node:assert/strict";
import { nextStatus } from "../../../controllers/controller_ring/status.ts";
import { pausedAnnotation } from "../../../lib/sharding/names.ts";
import { ringOf } from "./rings.ts";

const now = Date.parse("2026-01-01T00:00:00.789Z");
const later = now + 60_000;

Deno.test("a ring that was reconciled is ready", () => {
  assert.deepEqual(nextStatus(ringOf(), { shards: 3, availableShards: 2 }, now), {
    observedGeneration: 3,
    shards: 3,
    availableShards: 2,
    conditions: [{
      type: "Ready",
      status: "True",
      reason: "ReconciliationSucceeded",
      message: "ControllerRing was successfully reconciled",
      observedGeneration: 3,
      lastTransitionTime: "2026-01-01T00:00:00Z",
    }],
  });
});

Deno.test("a failure makes the ring not ready, and says why with a capital letter", () => {
  const failure = "error reconciling webhooks for ControllerRing: no rights";
  const [condition] = nextStatus(ringOf(), { shards: 0, availableShards: 0, failure }, now).conditions ?? [];
  assert.equal(condition?.status, "False");
  assert.equal(condition?.reason, "ReconciliationFailed");
  assert.equal(condition?.message, "Error reconciling webhooks for ControllerRing: no rights");
});

Deno.test("the time of the condition moves only when it flips", () => {
  const ready = nextStatus(ringOf(), { shards: 1, availableShards: 1 }, now);
  const still = nextStatus(ringOf({ status: ready }), { shards: 2, availableShards: 2 }, later);
  assert.equal(still.conditions?.[0]?.lastTransitionTime, "2026-01-01T00:00:00Z");
  const failed = nextStatus(ringOf({ status: still }), { shards: 2, availableShards: 2, failure: "x" }, later);
  assert.equal(failed.conditions?.[0]?.lastTransitionTime, "2026-01-01T00:01:00Z");
});

Deno.test("conditions of others keep their place and their values", () => {
  const other = {
    type: "Other",
    status: "True",
    reason: "R",
    message: "m",
    lastTransitionTime: "2020-01-01T00:00:00Z",
  };
  const first = nextStatus(ringOf({ status: { shards: 0, availableShards: 0, conditions: [other] } }), {
    shards: 0,
    availableShards: 0,
  }, now);
  assert.deepEqual(first.conditions?.map(({ type }) => type), ["Other", "Ready"]);
  const reversed = { ...first, conditions: [...first.conditions ?? []].reverse() };
  const next = nextStatus(ringOf({ status: reversed }), { shards: 1, availableShards: 0 }, now);
  assert.deepEqual(next.conditions?.map(({ type }) => type), ["Ready", "Other"]);
  assert.deepEqual(next.conditions?.[1], other);
});

Deno.test("a ring is called paused only while it is, since when it was", () => {
  const outcome = { shards: 1, availableShards: 1 };
  const ring = ringOf();
  const paused = { ...ring, metadata: { ...ring.metadata, annotations: { [pausedAnnotation]: "true" } } };
  const first = nextStatus(paused, outcome, now);
  assert.deepEqual(first.conditions?.map(({ type, status }) => [type, status]), [["Ready", "True"], [
    "Paused",
    "True",
  ]]);
  const second = nextStatus({ ...paused, status: first }, outcome, later);
  assert.deepEqual(second, first);
  const resumed = nextStatus({ ...ring, status: second }, outcome, later);
  assert.deepEqual(resumed.conditions?.map(({ type }) => type), ["Ready"]);
});
