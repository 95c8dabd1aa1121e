import assert from "node:assert/strict";
import fc from "fast-check";
import { PendingDrains } from "../../../../controllers/sharder/drains/pending_drains.ts";

Deno.test("drains are counted for each shard", () => {
  const pending = new PendingDrains();
  pending.add("foo", "a");
  pending.add("bar", "a");
  pending.add("baz", "b");
  assert.equal(pending.size, 3);
  assert.equal(pending.countOf("a"), 2);
  assert.equal(pending.countOf("c"), 0);
  assert.equal(pending.delete("foo")?.shard, "a");
  assert.equal(pending.delete("foo"), undefined);
  assert.equal(pending.has("foo"), false);
  assert.deepEqual(pending.keys(), ["bar", "baz"]);
});

Deno.test("an object has at most one drain pending: the last one", () => {
  const pending = new PendingDrains();
  pending.add("foo", "a");
  pending.add("foo", "a");
  assert.equal(pending.countOf("a"), 1);
  pending.add("foo", "b");
  assert.equal(pending.countOf("a"), 0);
  assert.equal(pending.countOf("b"), 1);
  assert.equal(pending.size, 1);
});

Deno.test("a drain keeps its age while it is told of again, and begins anew for another shard", () => {
  let now = 1;
  const pending = new PendingDrains(() => now);
  pending.add("foo", "a");
  now = 2;
  pending.add("foo", "a");
  assert.deepEqual([...pending.entries()], [["foo", { shard: "a", since: 1 }]]);
  pending.add("foo", "b");
  assert.deepEqual(pending.delete("foo"), { shard: "b", since: 2 });
});

Deno.test("the counts are those of a plain map, whatever happens", () => {
  const key = fc.constantFrom("k1", "k2", "k3", "k4");
  const shard = fc.constantFrom("a", "b", "c");
  const step = fc.oneof(
    fc.record({ type: fc.constant("add" as const), key, shard }),
    fc.record({ type: fc.constant("delete" as const), key }),
  );
  fc.assert(fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
    const pending = new PendingDrains();
    const model = new Map<string, string>();
    for (const step of steps) {
      if (step.type === "add") {
        pending.add(step.key, step.shard);
        model.set(step.key, step.shard);
      } else {
        assert.equal(pending.delete(step.key)?.shard, model.get(step.key));
        model.delete(step.key);
      }
      assert.equal(pending.size, model.size);
      for (const name of ["a", "b", "c"]) {
        assert.equal(pending.countOf(name), [...model.values()].filter((shard) => shard === name).length);
      }
    }
  }));
});
