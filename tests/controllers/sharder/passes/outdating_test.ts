import assert from "node:assert/strict";
import { Outdating } from "../../../../controllers/sharder/passes/outdating.ts";
import type { RingView } from "../../../../lib/sharding/ring_view.ts";
import { viewOf } from "../../../lib/sharding/views.ts";

const begin = viewOf({ a: "ready", b: "expired", c: "dead" });

function isOutdated(outdating: Outdating, ...views: readonly (RingView | undefined)[]): boolean[] {
  let present: RingView | undefined = begin;
  const ask = outdating.of("all", begin, () => present);
  return views.map((view) => {
    present = view;
    return ask();
  });
}

Deno.test("a pass is outdated from the moment when a shard is gone that was at work", () => {
  const gone = viewOf({ a: "ready", b: "dead", c: "dead" });
  assert.deepEqual(isOutdated(new Outdating(), begin, gone, gone, begin), [false, true, true, true]);
});

Deno.test("a pass is not outdated by shards that join, are late, return, or were gone already", () => {
  const joined = viewOf({ a: "ready", b: "uncertain", c: "ready", d: "ready" });
  const heldAndLate = viewOf({ a: "expired", b: "ready", c: "held" });
  assert.deepEqual(isOutdated(new Outdating(), joined, heldAndLate, viewOf({ a: "ready", b: "ready" })), [
    false,
    false,
    false,
  ]);
});

Deno.test("a pass is not outdated when its ring goes", () => {
  assert.deepEqual(isOutdated(new Outdating(), undefined), [false]);
});

Deno.test("after five passes of a kind in a row that ended early, one goes on whatever happens", () => {
  const outdating = new Outdating();
  const gone = viewOf({ a: "ready" });
  for (let pass = 0; pass < 5; pass++) {
    assert.deepEqual(isOutdated(outdating, gone), [true]);
    outdating.note("all", true);
    outdating.note("draining", false);
  }
  assert.deepEqual(isOutdated(outdating, gone), [false]);
  outdating.note("all", false);
  assert.deepEqual(isOutdated(outdating, gone), [true]);
});
