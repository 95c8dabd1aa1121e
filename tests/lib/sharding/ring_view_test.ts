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

Deno.test("RingView of a ring that forms gives keys to the shards that were there before, and lists those that wait", () => {
  const entries = [entryOf("a", "ready"), entryOf("b", "expired"), entryOf("c", "ready"), entryOf("d", "dead")];
  const first = new RingView("ring", entries, { forming: new Set() });
  assert.deepEqual([first.assignable.shards, first.available, first.waiting], [[], 0, ["a", "b", "c"]]);
  assert.equal(first.shardFor("/Secret/default/foo"), undefined);
  // What they have already is theirs.
  assert.deepEqual(first.liveNames(), ["a", "b", "c"]);
  const again = new RingView("ring", entries, { forming: new Set(["a", "b", "d"]) });
  assert.deepEqual([again.assignable.shards, again.available, again.waiting], [["a", "b"], 2, ["c"]]);
  const formed = new RingView("ring", entries, { previous: again });
  assert.deepEqual([formed.assignable.shards, formed.available, formed.waiting], [["a", "c"], 3, []]);
});

Deno.test("RingView counts the oldest of Leases with one name, in whatever namespace", () => {
  const older = { ...entryOf("a", "expired", "z"), created: "2026-01-01T00:00:00Z" };
  const younger = { ...entryOf("a", "ready", "x"), created: "2026-01-01T00:00:01Z" };
  for (const entries of [[older, younger], [younger, older]]) {
    const view = new RingView("ring", entries);
    assert.equal(view.statusOf("a"), "expired");
    assert.deepEqual(view.conflicts, [{ name: "a", namespace: "z", ignored: ["x"] }]);
  }
});

Deno.test("RingView leaves out Leases in namespaces that the ring does not admit, and lists them", () => {
  const entries = [
    entryOf("a", "ready", "own"),
    entryOf("a", "ready", "alien"),
    entryOf("b", "ready", "alien"),
    { ...entryOf("c", "ready", "alien"), ghost: true },
  ];
  const view = new RingView("ring", entries, { admits: (namespace) => namespace === "own" });
  assert.deepEqual([view.liveNames(), view.total, view.conflicts], [["a"], 1, []]);
  assert.equal(view.statusOf("b"), "unknown");
  assert.deepEqual(view.foreign.map(({ name }) => name), ["a", "b"]);
});

Deno.test("RingView lists the live shards whose take-over is put off", () => {
  const keptBack = true;
  const view = new RingView("ring", [
    { ...entryOf("a", "expired"), keptBack },
    { ...entryOf("b", "held"), keptBack },
    entryOf("c", "uncertain"),
  ]);
  assert.deepEqual(view.keptBack, ["a"]);
});
