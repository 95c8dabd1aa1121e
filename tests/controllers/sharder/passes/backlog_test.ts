import assert from "node:assert/strict";
import { Backlog } from "../../../../controllers/sharder/passes/backlog.ts";
import { nothingDone, type PassResult } from "../../../../controllers/sharder/passes/pass.ts";
import { PendingDrains } from "../../../../controllers/sharder/drains/pending_drains.ts";

function result(fields: Partial<PassResult>): PassResult {
  return { ...nothingDone, ...fields };
}

const all = { type: "all" } as const;

Deno.test("what a pass over everything has left is known until the next one", () => {
  const backlog = new Backlog();
  assert.ok(backlog.isEmpty);
  backlog.note(all, result({ paused: 2, limited: 1, congested: new Map([["a", 3], ["b", 4]]) }));
  assert.deepEqual(backlog.heldBack, { pause: 2, limit: 1, drains: 7 });
  backlog.note({ type: "ownerless" }, result({}));
  backlog.note({ type: "draining" }, result({}));
  backlog.note({ type: "objects", objects: [] }, result({}));
  assert.deepEqual(backlog.heldBack, { pause: 2, limit: 1, drains: 7 });
  backlog.note(all, result({}));
  assert.ok(backlog.isEmpty);
});

Deno.test("a pass over shards replaces what is known of these alone", () => {
  const backlog = new Backlog();
  backlog.note(all, result({ congested: new Map([["a", 3], ["b", 4]]), paused: 1 }));
  backlog.note({ type: "shards", shards: ["a"] }, result({ congested: new Map([["a", 1]]) }));
  assert.deepEqual(backlog.heldBack, { pause: 1, limit: 0, drains: 5 });
  backlog.note({ type: "shards", shards: ["b"] }, result({}));
  assert.deepEqual(backlog.heldBack, { pause: 1, limit: 0, drains: 1 });
});

Deno.test("a shard is relieved, once, when it has let go of half of what it may have pending", () => {
  const backlog = new Backlog();
  const pending = new PendingDrains();
  for (let i = 0; i < 4; i++) {
    pending.add(`a-${i}`, "a");
    pending.add(`b-${i}`, "b");
  }
  backlog.note(all, result({ congested: new Map([["a", 10], ["b", 10]]) }));
  pending.delete("a-0");
  assert.deepEqual(backlog.takeRelieved(pending, 4), []);
  pending.delete("a-1");
  assert.deepEqual(backlog.takeRelieved(pending, 4), ["a"]);
  assert.deepEqual(backlog.takeRelieved(pending, 4), []);
  assert.equal(backlog.isEmpty, false, "b is stuck");
});

Deno.test("objects that nobody may judge yet are no peace", () => {
  const backlog = new Backlog();
  backlog.note({ type: "ownerless" }, result({ unjudged: new Set(["x"]) }));
  assert.equal(backlog.isEmpty, false);
  backlog.note({ type: "ownerless" }, result({}));
  assert.ok(backlog.isEmpty);
});

Deno.test("children that found no room are looked for, once, when half of it is free", () => {
  const backlog = new Backlog();
  backlog.note({ type: "ownerless" }, result({ overflowed: true }));
  assert.equal(backlog.isEmpty, false);
  assert.equal(backlog.takeRoom({ size: 6 }, 10), false);
  assert.equal(backlog.takeRoom({ size: 5 }, 10), true);
  assert.equal(backlog.takeRoom({ size: 0 }, 10), false);
  backlog.note(all, result({ overflowed: true }));
  backlog.note(all, result({}));
  assert.ok(backlog.isEmpty);
});
