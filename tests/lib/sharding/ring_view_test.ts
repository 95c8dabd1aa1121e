import assert from "node:assert/strict";
import fc from "fast-check";
import { RingView, type ShardEntry } from "../../../lib/sharding/ring_view.ts";
import { entryOf, viewOf } from "./views.ts";

const statuses = ["ready", "expired", "uncertain", "dead", "held"] as const;

Deno.test("RingView gives keys to the ready shards, and to the late ones only while none is ready", () => {
  const mixed = viewOf({ a: "ready", b: "expired", c: "uncertain", d: "dead", e: "held", f: "ready" });
  assert.deepEqual(mixed.assignable.shards, ["a", "f"]);
  assert.deepEqual(viewOf({ b: "expired", c: "uncertain", d: "dead" }).assignable.shards, ["b", "c"]);
  const none = viewOf({ d: "dead", e: "held" });
  assert.deepEqual(none.assignable.shards, []);
  assert.equal(none.shardFor("/Secret/default/foo"), undefined);
});

Deno.test("RingView knows statuses, live names and counts", () => {
  const view = viewOf({ f: "ready", a: "ready", b: "expired", c: "uncertain", d: "dead", e: "held" });
  assert.deepEqual(view.liveNames(), ["a", "b", "c", "f"]);
  assert.deepEqual(["a", "b", "c", "d", "e", "x"].map((name) => view.statusOf(name)), [...statuses, "unknown"]);
  assert.deepEqual([view.available, view.total], [4, 6]);
  assert.equal(view.shard("b")?.namespace, "default");
  assert.equal(view.shard("x"), undefined);
});

Deno.test("RingView calls an orphaned shard dead", () => {
  const judgement = { state: "orphaned", holder: "nobody", held: false, proven: false } as const;
  const view = new RingView("ring", [{ name: "a", namespace: "default", judgement }]);
  assert.equal(view.statusOf("a"), "dead");
  assert.equal(view.available, 0);
});

Deno.test("RingView leaves out names that are no label values, and lists them", () => {
  const long = "x".repeat(64);
  const view = new RingView("ring", [entryOf(long, "ready"), entryOf("a", "ready")]);
  assert.deepEqual(view.liveNames(), ["a"]);
  assert.deepEqual(view.assignable.shards, ["a"]);
  assert.deepEqual(view.unusable.map((shard) => shard.name), [long]);
  assert.equal(view.statusOf(long), "unknown");
  assert.equal(view.total, 1);
});

Deno.test("RingView counts the first namespace of Leases with one name, and lists the conflict", () => {
  const view = new RingView("ring", [
    entryOf("a", "dead", "z"),
    entryOf("a", "ready", "y"),
    entryOf("a", "held", "x"),
    entryOf("b", "ready"),
  ]);
  assert.equal(view.statusOf("a"), "held");
  assert.deepEqual(view.conflicts, [{ name: "a", namespace: "x", ignored: ["y", "z"] }]);
  assert.deepEqual([view.available, view.total], [1, 2]);
});

Deno.test("RingView prefers a Lease that exists to a ghost, without calling it a conflict", () => {
  const view = new RingView("ring", [{ ...entryOf("a", "dead", "a"), ghost: true }, entryOf("a", "ready", "b")]);
  assert.equal(view.statusOf("a"), "ready");
  assert.deepEqual(view.conflicts, []);
  const onlyGhost = new RingView("ring", [{ ...entryOf("a", "expired"), ghost: true }]);
  assert.deepEqual([onlyGhost.available, onlyGhost.total], [1, 0]);
});

Deno.test("RingView uses the hash ring of the view before again while the same shards are assignable", () => {
  const first = viewOf({ a: "ready", b: "ready", c: "dead" });
  const second = new RingView("ring", [entryOf("b", "ready"), entryOf("a", "ready"), entryOf("c", "expired")], {
    previous: first,
  });
  assert.equal(second.assignable, first.assignable);
  const third = new RingView("ring", [entryOf("a", "ready"), entryOf("b", "expired")], { previous: second });
  assert.notEqual(third.assignable, second.assignable);
  assert.deepEqual(third.assignable.shards, ["a"]);
});

const entries = fc.array(
  fc.record({
    name: fc.constantFrom("op-1", "op-11", "op-2", "a", "-bad-"),
    namespace: fc.constantFrom("x", "y", "z"),
    status: fc.constantFrom(...statuses),
    ghost: fc.boolean(),
  }),
  { maxLength: 12 },
).map((wishes) => {
  const byKey = new Map(wishes.map((wish) => [`${wish.namespace}/${wish.name}`, wish]));
  return [...byKey.values()].map(({ name, namespace, status, ghost }): ShardEntry => (
    { ...entryOf(name, status, namespace), ghost }
  ));
});

Deno.test("RingView does not depend on the order of the Leases", () => {
  const shuffled = entries.chain((all) =>
    fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length }))
  );
  fc.assert(fc.property(shuffled, fc.array(fc.string()), ([all, otherOrder], keys) => {
    const view = new RingView("ring", all);
    const other = new RingView("ring", otherOrder);
    assert.deepEqual(other.shards, view.shards);
    assert.deepEqual(other.conflicts, view.conflicts);
    assert.deepEqual(other.unusable, view.unusable);
    for (const key of [...keys, "op-115"]) assert.equal(other.shardFor(key), view.shardFor(key));
  }));
});

Deno.test("RingView is the same whether it is built anew or from the view before", () => {
  fc.assert(fc.property(entries, entries, fc.array(fc.string()), (before, after, keys) => {
    const anew = new RingView("ring", after);
    const continued = new RingView("ring", after, { previous: new RingView("ring", before) });
    assert.deepEqual(continued.shards, anew.shards);
    for (const key of keys) assert.equal(continued.shardFor(key), anew.shardFor(key));
  }));
});

Deno.test("RingView gives keys to live shards only, and to one whenever there is one", () => {
  fc.assert(fc.property(entries, fc.string(), (all, key) => {
    const view = new RingView("ring", all);
    const shard = view.shardFor(key);
    assert.equal(shard === undefined, view.available === 0);
    if (shard !== undefined) assert.ok(view.liveNames().includes(shard));
  }));
});

Deno.test("RingView gives nothing new to a shard whose Lease is gone, unless there is no other", () => {
  const ghost = { ...entryOf("a", "ready"), ghost: true };
  const view = new RingView("ring", [ghost, entryOf("b", "ready")]);
  assert.equal(view.statusOf("a"), "expired");
  assert.deepEqual(view.assignable.shards, ["b"]);
  assert.deepEqual(view.liveNames(), ["a", "b"]);
  assert.deepEqual(new RingView("ring", [ghost]).assignable.shards, ["a"]);
});
