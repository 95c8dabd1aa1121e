import assert from "node:assert/strict";
import fc from "fast-check";
import type { ObjectMeta } from "../../../lib/k8s/types.ts";
import { type LeavingContext, planLeaving } from "../../../lib/sharding/leaving_plan.ts";
import { drainLabel, shardLabel } from "../../../lib/sharding/names.ts";
import type { ShardStatus } from "../../../lib/sharding/ring_view.ts";
import { viewOf } from "./views.ts";

const quiet: LeavingContext = { mayJudgeUnknown: true, isBusy: () => false, isRingGone: false };
const owned = [{ apiVersion: "v1", kind: "Secret", name: "foo", uid: "u", controller: true }];

function object(labels: Record<string, string>, more: Partial<ObjectMeta> = {}): ObjectMeta {
  return { name: "foo", namespace: "default", labels: { other: "x", ...labels }, ...more };
}

function on(shard: string, more: Partial<ObjectMeta> = {}): ObjectMeta {
  return object({ [shardLabel("ring")]: shard }, more);
}

function drained(shard: string): ObjectMeta {
  return object({ [shardLabel("ring")]: shard, [drainLabel("ring")]: "true" });
}

const statuses: Readonly<Record<string, Exclude<ShardStatus, "unknown">>> = {
  ready: "ready",
  expired: "expired",
  uncertain: "uncertain",
  dead: "dead",
  held: "held",
};
const view = viewOf(statuses);

Deno.test("planLeaving() has nothing to do for an object without the ring's labels", () => {
  assert.deepEqual(planLeaving(object({}), "main", view, quiet), { type: "none" });
  assert.deepEqual(planLeaving({ name: "foo" }, "main", view, quiet), { type: "none" });
  assert.deepEqual(planLeaving(object({ [shardLabel("other")]: "ready" }), "main", view, quiet), { type: "none" });
});

for (const shard of ["ready", "expired", "uncertain"]) {
  Deno.test(`planLeaving() drains a main object of a shard that is ${shard}, once`, () => {
    assert.deepEqual(planLeaving(on(shard), "main", view, quiet), { type: "drain", from: shard });
    assert.deepEqual(planLeaving(drained(shard), "main", view, quiet), {
      type: "wait",
      shard,
      for: "acknowledgement",
    });
  });
}

for (const shard of ["dead", "held", "bogus", ""]) {
  Deno.test(`planLeaving() takes the labels from a main object of a shard that is "${shard}"`, () => {
    // Only a shard whose Lease we hold cannot come back at any time.
    const unless = shard === "bogus" || shard === "dead" ? { unless: shard } : {};
    assert.deepEqual(planLeaving(on(shard), "main", view, quiet), { type: "strip", ...unless });
    assert.deepEqual(planLeaving(drained(shard), "main", view, quiet), { type: "strip", ...unless });
  });
}

Deno.test("planLeaving() takes away a drain label that is alone", () => {
  assert.deepEqual(planLeaving(object({ [drainLabel("ring")]: "true" }), "main", view, quiet), { type: "strip" });
});

Deno.test("planLeaving() waits until a label may be called bogus", () => {
  assert.deepEqual(planLeaving(on("bogus"), "main", view, { ...quiet, mayJudgeUnknown: false }), {
    type: "wait",
    shard: "bogus",
    for: "judgement",
  });
});

Deno.test("planLeaving() waits for no take-over when the ring is gone", () => {
  const gone = { ...quiet, isRingGone: true };
  assert.deepEqual(planLeaving(on("uncertain"), "main", view, gone), { type: "strip", unless: "uncertain" });
  assert.deepEqual(planLeaving(on("expired"), "main", view, gone), { type: "drain", from: "expired" });
});

Deno.test("planLeaving() never drains a controlled object, and leaves it to a shard that is busy with owners", () => {
  assert.deepEqual(planLeaving(on("ready"), "controlled", view, quiet), { type: "strip" });
  const busy = { ...quiet, isBusy: (shard: string) => shard === "ready" };
  assert.deepEqual(planLeaving(on("ready"), "controlled", view, busy), { type: "wait", shard: "ready", for: "owners" });
  assert.deepEqual(planLeaving(on("expired"), "controlled", view, busy), { type: "strip" });
});

Deno.test("planLeaving() takes an object with a controller for a controlled one when nobody knows its role", () => {
  assert.deepEqual(planLeaving(on("ready"), undefined, view, quiet), { type: "drain", from: "ready" });
  assert.deepEqual(planLeaving(on("ready", { ownerReferences: owned }), undefined, view, quiet), { type: "strip" });
});

Deno.test("planLeaving() never takes a main object away from under a live shard", () => {
  const context = fc.record({ mayJudgeUnknown: fc.boolean(), isBusy: fc.constant(() => false) });
  fc.assert(fc.property(fc.constantFrom("ready", "expired"), fc.boolean(), context, (shard, isRingGone, rest) => {
    const plan = planLeaving(on(shard), "main", view, { ...rest, isRingGone });
    assert.equal(plan.type, "drain");
  }));
});
