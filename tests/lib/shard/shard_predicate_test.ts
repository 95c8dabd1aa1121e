import assert from "node:assert/strict";
import type { KubeObject } from "../../../lib/k8s/types.ts";
import { generationChanged } from "../../../lib/runtime/controller/mod.ts";
import type { InformerEvent } from "../../../lib/runtime/watch/mod.ts";
import { ownershipOf, shardSelector } from "../../../lib/shard/shard_labels.ts";
import { shardPredicate } from "../../../lib/shard/shard_predicate.ts";

const me = { ring: "example", shard: "shard-a" };
const shardKey = "shard.alpha.sharding.timebertt.dev/example";
const drainKey = "drain.alpha.sharding.timebertt.dev/example";

function object(labels: Record<string, string> = {}, generation = 1): KubeObject {
  return { apiVersion: "v1", kind: "Secret", metadata: { name: "foo", namespace: "default", labels, generation } };
}

const ours = { [shardKey]: "shard-a" };
const draining = { ...ours, [drainKey]: "true" };
const foreign = { [shardKey]: "shard-b" };
const foreignDraining = { ...foreign, [drainKey]: "true" };

Deno.test.each([
  ["ours", ours],
  ["draining", draining],
  ["draining", { ...ours, [drainKey]: "" }],
  ["foreign", foreign],
  ["foreign", foreignDraining],
  ["foreign", { "shard.alpha.sharding.timebertt.dev/other": "shard-a" }],
  ["foreign", {}],
])("ownershipOf() calls an object %s by its labels", (ownership, labels) => {
  assert.equal(ownershipOf(object(labels), me), ownership);
});

Deno.test("ownershipOf() takes an object without any labels for foreign", () => {
  assert.equal(ownershipOf({ metadata: { name: "foo" } }, me), "foreign");
});

Deno.test("shardSelector() selects the shard's own objects", () => {
  assert.equal(shardSelector(me), "shard.alpha.sharding.timebertt.dev/example=shard-a");
});

const cases: readonly (readonly [string, boolean, InformerEvent<KubeObject>])[] = [
  ["a new object of ours", true, { type: "added", object: object(ours), initial: true }],
  ["a new object of another shard", false, { type: "added", object: object(foreign), initial: false }],
  ["a new object of nobody", false, { type: "added", object: object(), initial: false }],
  ["a draining object", true, { type: "updated", object: object(draining), previous: object(ours) }],
  ["a draining object of another shard", true, { type: "added", object: object(foreignDraining), initial: true }],
  ["an update that no predicate wants", false, { type: "updated", object: object(ours), previous: object(ours) }],
  ["an update that the predicate wants", true, { type: "updated", object: object(ours, 2), previous: object(ours) }],
  ["an update that moved the object to us", true, {
    type: "updated",
    object: object(ours),
    previous: object(foreign),
  }],
  ["an update that withdrew a drain", true, { type: "updated", object: object(ours), previous: object(draining) }],
  ["an update that moved the object away", false, {
    type: "updated",
    object: object(foreign, 2),
    previous: object(ours),
  }],
  ["the end of an object of ours", true, { type: "deleted", object: object(ours) }],
];

Deno.test.each(cases)("shardPredicate() judges %s: %s", (_, expected, event) => {
  assert.equal(shardPredicate(me, generationChanged)(event), expected);
});

Deno.test("shardPredicate() needs all of the author's predicates", () => {
  const event: InformerEvent<KubeObject> = { type: "added", object: object(ours), initial: true };
  assert.equal(shardPredicate(me, () => true, () => false)(event), false);
  assert.equal(shardPredicate(me, () => false)({ ...event, object: object(draining) }), true);
});
