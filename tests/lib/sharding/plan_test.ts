import assert from "node:assert/strict";
import fc from "fast-check";
import type { NamedMeta } from "../../../lib/k8s/types.ts";
import { drainLabel, shardLabel } from "../../../lib/sharding/names.ts";
import { type Owner, type Plan, type PlanContext, planFor, type PlannedObject } from "../../../lib/sharding/plan.ts";
import type { ShardStatus } from "../../../lib/sharding/ring_view.ts";
import { viewOf } from "./views.ts";

const shard = shardLabel("ring");
const drain = drainLabel("ring");

function secret(labels?: Record<string, string>, more: Partial<NamedMeta> = {}): PlannedObject {
  const metadata = { name: "foo", namespace: "default", ...more, ...(labels === undefined ? {} : { labels }) };
  return { group: "", kind: "Secret", metadata };
}

function child(labels?: Record<string, string>): PlannedObject {
  const ownerReferences = [{ apiVersion: "v1", kind: "Secret", name: "foo", uid: "1", controller: true }];
  return { ...secret(labels, { name: "checksums-foo", ownerReferences }), kind: "ConfigMap" };
}

/** Both the Secret and its child hash to `shard-a` in a ring of a and b; here a is the only one ready. */
const view = viewOf({
  "shard-a": "ready",
  "late": "expired",
  "later": "uncertain",
  "dead": "dead",
  "held": "held",
});
/** Here `shard-b` is at work, while the Secret belongs to `shard-a`. */
const both = viewOf({ "shard-a": "ready", "shard-b": "ready" });
const judging: PlanContext = { mayJudgeUnknown: true };

function main(labels: Record<string, string> | undefined, context: PlanContext = judging): Plan {
  return planFor(secret(labels), "main", view, context);
}

function controlled(labels: Record<string, string> | undefined, owner?: Owner): Plan {
  const context = owner === undefined ? judging : { ...judging, owner };
  return planFor(child(labels), "controlled", view, context);
}

Deno.test("planFor() assigns a main object without a shard", () => {
  const assigned = { type: "assign", shard: "shard-a" };
  assert.deepEqual(main(undefined), assigned);
  assert.deepEqual(main({ app: "x" }), assigned);
  assert.deepEqual(main({ [shard]: "" }), assigned);
  assert.deepEqual(main({ [drain]: "true" }), assigned);
  assert.deepEqual(main({ [shardLabel("other")]: "shard-b" }), assigned);
});

Deno.test("planFor() leaves a main object alone that is where it belongs", () => {
  assert.deepEqual(main({ [shard]: "shard-a" }), { type: "none", reason: "assigned" });
});

Deno.test("planFor() withdraws a drain when the object shall stay where it is", () => {
  const withdrawn = { type: "withdraw", shard: "shard-a" };
  assert.deepEqual(main({ [shard]: "shard-a", [drain]: "true" }), withdrawn);
  assert.deepEqual(main({ [shard]: "shard-a", [drain]: "" }), withdrawn);
  const onB = secret({ [shard]: "shard-b", [drain]: "true" });
  assert.deepEqual(planFor(onB, "main", both, { ...judging, paused: true }), { type: "withdraw", shard: "shard-b" });
  assert.deepEqual(planFor(onB, "main", both, judging), { type: "none", reason: "waiting for acknowledgement" });
});

Deno.test("planFor() leaves drains of shards that are late, and moves objects of dead ones, also in a paused ring", () => {
  const paused = { ...judging, paused: true };
  assert.deepEqual(main({ [shard]: "late", [drain]: "true" }, paused), { type: "none", reason: "shard is late" });
  const moved = { type: "move", from: "held", to: "shard-a" };
  assert.deepEqual(main({ [shard]: "held", [drain]: "true" }, paused), moved);
});

Deno.test("planFor() drains a main object of a shard that is at work, once", () => {
  const plan = planFor(secret({ [shard]: "shard-b" }), "main", both, judging);
  assert.deepEqual(plan, { type: "drain", from: "shard-b", to: "shard-a" });
  const again = planFor(secret({ [shard]: "shard-b", [drain]: "true" }), "main", both, judging);
  assert.deepEqual(again, { type: "none", reason: "waiting for acknowledgement" });
});

Deno.test("planFor() leaves a main object with a shard that is late", () => {
  assert.deepEqual(main({ [shard]: "late" }), { type: "none", reason: "shard is late" });
  assert.deepEqual(main({ [shard]: "later", [drain]: "true" }), { type: "none", reason: "shard is late" });
});

Deno.test("planFor() moves a main object of a dead shard only while its Lease is held", () => {
  assert.deepEqual(main({ [shard]: "dead" }), { type: "wait", shard: "dead", for: "take-over" });
  assert.deepEqual(main({ [shard]: "held", [drain]: "true" }), { type: "move", from: "held", to: "shard-a" });
});

Deno.test("planFor() repairs a label that names no shard, once it may judge", () => {
  assert.deepEqual(main({ [shard]: "bogus" }), { type: "move", from: "bogus", to: "shard-a" });
  const waiting = { type: "wait", shard: "bogus", for: "judgement" };
  assert.deepEqual(main({ [shard]: "bogus" }, { mayJudgeUnknown: false }), waiting);
});

Deno.test("planFor() does nothing while no shard is available", () => {
  const empty = viewOf({ held: "held" });
  const objects = [secret(), secret({ [shard]: "held" }), secret({ [shard]: "bogus", [drain]: "true" })];
  for (const object of objects) {
    assert.deepEqual(planFor(object, "main", empty, judging), { type: "none", reason: "no shard" });
  }
  assert.deepEqual(planFor(child(), "controlled", empty, judging), { type: "none", reason: "no shard" });
});

Deno.test("planFor() says why an object can have no key", () => {
  const nameless = planFor(secret({}, { name: "" }), "main", view, judging);
  assert.deepEqual(nameless, { type: "none", reason: "no key", problem: "the object has no name" });
  const broken = [{ apiVersion: "a/b/c", kind: "Secret", name: "foo", uid: "1", controller: true }];
  const plan = planFor(secret({}, { ownerReferences: broken }), "controlled", view, judging);
  assert.match(plan.type === "none" && plan.reason === "no key" ? plan.problem : "", /malformed apiVersion/);
});

Deno.test("planFor() leaves a controlled object without controller alone", () => {
  assert.deepEqual(planFor(secret({ [shard]: "bogus" }), "controlled", view, judging), {
    type: "none",
    reason: "no controller",
  });
});

Deno.test("planFor() gives a controlled object the shard of its owner's key, as long as the owner is not known", () => {
  for (const owner of [undefined, "unknown", "gone", { draining: false }] as const) {
    assert.deepEqual(controlled(undefined, owner), { type: "assign", shard: "shard-a" });
    assert.deepEqual(controlled({ [shard]: "shard-a" }, owner), { type: "none", reason: "assigned" });
  }
});

Deno.test("planFor() gives a controlled object its owner's actual shard while that is live", () => {
  assert.deepEqual(controlled(undefined, { shard: "late", draining: false }), { type: "assign", shard: "late" });
  const owned = { shard: "late", draining: false };
  assert.deepEqual(controlled({ [shard]: "late" }, owned), { type: "none", reason: "assigned" });
  assert.deepEqual(controlled({ [shard]: "shard-a" }, owned), { type: "move", from: "shard-a", to: "late" });
  for (const gone of ["dead", "held", "bogus"]) {
    assert.deepEqual(controlled(undefined, { shard: gone, draining: false }), { type: "assign", shard: "shard-a" });
  }
});

Deno.test("planFor() does not move a controlled object while its owner is draining", () => {
  const owner = { shard: "shard-a", draining: true };
  for (const labels of [{ [shard]: "shard-a" }, { [shard]: "late" }, { [shard]: "held" }, { [shard]: "bogus" }]) {
    assert.deepEqual(controlled(labels, owner), { type: "none", reason: "owner is draining" });
  }
});

Deno.test("planFor() assigns a controlled object without a shard also while its owner is draining", () => {
  const desired = [["late", "late"], ["shard-a", "shard-a"], ["dead", "shard-a"], ["held", "shard-a"]] as const;
  for (const [present, target] of [...desired, ["bogus", "shard-a"], [undefined, "shard-a"]] as const) {
    const owner = { shard: present, draining: true };
    for (const labels of [undefined, { [shard]: "" }]) {
      assert.deepEqual(controlled(labels, owner), { type: "assign", shard: target });
    }
  }
});

Deno.test("planFor() has a controlled object wait until its owner has left a shard that is not at work", () => {
  for (const left of ["dead", "held", "bogus"]) {
    const owner = { shard: left, draining: false };
    for (const present of ["shard-a", "late", "held", "bogus", left]) {
      assert.deepEqual(controlled({ [shard]: present }, owner), { type: "wait", shard: left, for: "owner" });
    }
  }
});

Deno.test("planFor() moves a controlled object at once, unless its shard is dead and not held", () => {
  for (const from of ["late", "later", "held", "bogus"]) {
    assert.deepEqual(controlled({ [shard]: from }), { type: "move", from, to: "shard-a" });
  }
  assert.deepEqual(planFor(child({ [shard]: "shard-b" }), "controlled", both, judging), {
    type: "move",
    from: "shard-b",
    to: "shard-a",
  });
  assert.deepEqual(controlled({ [shard]: "dead" }), { type: "wait", shard: "dead", for: "take-over" });
});

const status = fc.constantFrom<Exclude<ShardStatus, "unknown">>("ready", "expired", "uncertain", "dead", "held");
const shardName = fc.constantFrom("s1", "s2", "s3", "s4");
const labels = fc.tuple(fc.constantFrom("s1", "s2", "s3", "s4", "bogus", undefined), fc.boolean()).map(
  ([name, draining]): Record<string, string> => ({
    ...(name === undefined ? {} : { [shard]: name }),
    ...(draining ? { [drain]: "true" } : {}),
  }),
);

Deno.test("planFor() never takes a main object from a shard that may be at work, and gives to live shards only", () => {
  fc.assert(
    fc.property(
      fc.dictionary(shardName, status),
      labels,
      fc.boolean(),
      fc.boolean(),
      (shards, present, judges, paused) => {
        const view = viewOf(shards);
        const plan = planFor(secret(present), "main", view, { mayJudgeUnknown: judges, paused });
        const current = present[shard] ?? "";
        // A drain is written once, and taken back only from who has it.
        if (plan.type === "drain") assert.equal(present[drain], undefined);
        if (plan.type === "withdraw") {
          assert.deepEqual([plan.shard, present[drain]], [current, "true"]);
          assert.ok(paused || view.shardFor("/Secret/default/foo") === current);
        }
        if (plan.type === "move") {
          assert.ok(view.statusOf(current) === "held" || (view.statusOf(current) === "unknown" && judges));
        }
        if (plan.type === "drain") assert.equal(view.statusOf(current), "ready");
        if (plan.type === "assign") assert.equal(current, "");
        const target = plan.type === "assign" ? plan.shard : "to" in plan ? plan.to : undefined;
        if (target !== undefined) assert.ok(view.liveNames().includes(target));
        // No silent orphan: while a shard is available, an object without live owner gets one or waits for its judgement.
        if (view.available > 0 && !view.liveNames().includes(current)) {
          assert.ok(["assign", "move", "wait"].includes(plan.type));
        }
      },
    ),
  );
});
