import assert from "node:assert/strict";
import type { RingChange } from "../../../lib/rings/mod.ts";
import { takeOverIdentity } from "../../../lib/sharding/names.ts";
import { namespaceOf, ringOf, Scene, stored } from "./scene.ts";

Deno.test("Rings know nothing before all informers are synced", async () => {
  await using scene = new Scene();
  const { subject, rings, leases, namespaces, clock } = scene;
  scene.run();
  rings.sync(0, ringOf("ring"));
  leases.sync(0);
  await clock.settle();
  assert.equal(subject.get("ring"), undefined);
  namespaces.sync(0);
  await subject.whenReady();
  assert.equal(subject.get("ring")?.ring.metadata.name, "ring");
  assert.deepEqual([...subject.list()].map((snapshot) => snapshot.ring.metadata.name), ["ring"]);
});

Deno.test("Rings.whenReady() rejects when its signal aborts, and when the rings stop before", async () => {
  const subject = new Scene();
  await assert.rejects(subject.subject.whenReady(AbortSignal.abort(new Error("enough"))), /enough/);
  subject.run();
  const ready = subject.subject.whenReady();
  await subject[Symbol.asyncDispose]();
  await assert.rejects(ready, { name: "AbortError" });
});

Deno.test("Rings.run() can be called once only", async () => {
  await using scene = new Scene();
  await scene.start();
  await assert.rejects(scene.subject.run(new AbortController().signal), /started before/);
});

Deno.test("Rings give each ring the shards of its Leases", async () => {
  await using scene = new Scene();
  const leases = [scene.lease("a"), scene.lease("b", { holder: "" }), scene.lease("c", { ring: "second" })];
  await scene.start(leases, [ringOf("ring"), ringOf("second")]);
  assert.deepEqual(scene.statuses("a", "b", "c"), ["ready", "dead", "unknown"]);
  assert.deepEqual(scene.subject.get("second")?.view.liveNames(), ["c"]);
  assert.deepEqual(await scene.changes(), ["spec", "spec"]);
});

Deno.test("Rings keep a snapshot over renewals, and over writes of a ring's status", async () => {
  await using scene = new Scene();
  await scene.start([scene.lease("a")]);
  const before = scene.subject.get("ring");
  await scene.renew(60_000, "a");
  assert.equal(scene.subject.get("ring"), before);
  assert.deepEqual(await scene.changes(), ["spec", "judgement"]);
  scene.rings.apply({ ...ringOf("ring"), status: { shards: 1, availableShards: 1 } });
  assert.deepEqual(await scene.changes(), []);
  assert.equal(scene.subject.get("ring")?.view, before?.view);
  assert.equal(scene.subject.get("ring")?.ring.status?.shards, 1);
});

Deno.test("Rings follow a shard that joins, leaves and comes back", async () => {
  await using scene = new Scene();
  const a = scene.lease("a");
  await scene.start([a]);
  scene.leases.apply(scene.lease("b"));
  assert.deepEqual(await scene.changes(), ["spec", "membership +b"]);
  scene.leases.apply(scene.lease("b", { holder: "" }));
  assert.deepEqual(await scene.changes(), ["membership -b"]);
  assert.deepEqual(scene.statuses("a", "b"), ["ready", "dead"]);
  scene.leases.apply(scene.lease("b", { holder: takeOverIdentity, duration: 30 }));
  assert.deepEqual(await scene.changes(), ["membership"]);
  assert.deepEqual(scene.statuses("a", "b"), ["ready", "held"]);
  scene.leases.apply(scene.lease("b"));
  assert.deepEqual(await scene.changes(), ["membership +b"]);
});

Deno.test("Rings notice by the clock alone that a shard falls silent", async () => {
  await using scene = new Scene();
  await scene.start([scene.lease("a"), scene.lease("b")]);
  await scene.renew(14_000, "b");
  assert.deepEqual(scene.statuses("a", "b"), ["ready", "ready"]);
  assert.deepEqual(await scene.changes(), ["spec"]);
  await scene.renew(2_000, "b");
  assert.deepEqual(scene.statuses("a", "b"), ["expired", "ready"]);
  assert.deepEqual(await scene.changes(), ["membership"]);
  assert.deepEqual(scene.subject.get("ring")?.view.assignable.shards, ["b"]);
  await scene.renew(14_000, "b");
  assert.deepEqual(scene.statuses("a", "b"), ["uncertain", "ready"]);
  const lease = scene.subject.leaseOf("ring", "a")?.lease;
  assert.ok(lease !== undefined);
  assert.equal(scene.subject.stateOf(lease).state, "uncertain");
});

Deno.test("Rings move to the exact moment at which a state changes", async () => {
  await using scene = new Scene();
  await scene.start([scene.lease("a", { stopsAfter: 12_000 })]);
  await scene.clock.advance(14_999);
  assert.deepEqual(scene.statuses("a"), ["ready"]);
  await scene.clock.advance(1);
  assert.deepEqual(scene.statuses("a"), ["expired"]);
  await scene.clock.advance(1_999);
  assert.deepEqual(scene.statuses("a"), ["expired"]);
  await scene.clock.advance(1);
  assert.deepEqual(scene.statuses("a"), ["uncertain"]);
});

Deno.test("Rings let a take-over run out when nobody renews it", async () => {
  await using scene = new Scene();
  await scene.start([scene.lease("a", { holder: takeOverIdentity, duration: 30 })]);
  assert.deepEqual(scene.statuses("a"), ["held"]);
  await scene.clock.advance(30_000);
  assert.deepEqual(scene.statuses("a"), ["dead"]);
});

Deno.test("Rings do not take a label on a Lease for a renewal", async () => {
  await using scene = new Scene();
  const lease = scene.lease("a");
  await scene.start([lease]);
  await scene.clock.advance(20_000);
  scene.leases.apply(stored({ ...lease, metadata: { ...lease.metadata, annotations: { note: "x" } } }));
  await scene.clock.advance(10_000);
  assert.deepEqual(scene.statuses("a"), ["uncertain"]);
});

Deno.test("Rings judge nobody while Leases are not watched, nor for a Lease's duration after", async () => {
  await using scene = new Scene();
  await scene.start([scene.lease("a")]);
  await scene.clock.advance(10_000);
  scene.leases.watchingSince = undefined;
  await scene.clock.advance(50_000);
  assert.deepEqual(scene.statuses("a"), ["expired"]);
  scene.leases.watchingSince = scene.clock.monotonic();
  await scene.clock.advance(14_999);
  assert.deepEqual(scene.statuses("a"), ["expired"]);
  await scene.clock.advance(1_001);
  assert.deepEqual(scene.statuses("a"), ["uncertain"]);
});

Deno.test("Rings count from their own first look, not from what a Lease says of the past", async () => {
  await using scene = new Scene();
  await scene.start([scene.lease("a", { renewTime: scene.clock.now() - 3_600_000 })]);
  assert.deepEqual(scene.statuses("a"), ["expired"]);
  await scene.clock.advance(29_999);
  assert.deepEqual(scene.statuses("a"), ["expired"]);
  await scene.clock.advance(1);
  assert.deepEqual(scene.statuses("a"), ["uncertain"]);
});

Deno.test("Rings remember a Lease that somebody deletes, as not renewed", async () => {
  await using scene = new Scene();
  const lease = scene.lease("a");
  await scene.start([lease]);
  await scene.clock.advance(5_000);
  scene.leases.delete(lease);
  await scene.clock.settle();
  assert.deepEqual(scene.statuses("a"), ["expired"]);
  assert.equal(scene.subject.leaseOf("ring", "a")?.ghost, true);
  assert.equal(scene.subject.get("ring")?.view.total, 0);
  assert.equal(scene.subject.findLease({ namespace: "default", name: "a" })?.ghost, true);
  await scene.clock.advance(25_000);
  assert.deepEqual(scene.statuses("a"), ["uncertain"]);
  // Taken over by creating it again.
  const taken = scene.lease("a", { holder: takeOverIdentity, duration: 30 });
  scene.leases.apply(stored({ ...taken, metadata: { ...taken.metadata, uid: "another" } }));
  await scene.clock.settle();
  assert.deepEqual(scene.statuses("a"), ["held"]);
  assert.equal(scene.subject.leaseOf("ring", "a")?.ghost, false);
});

Deno.test("Rings forget a ghost when told so, and after its retention", async () => {
  await using scene = new Scene();
  const [a, b] = [scene.lease("a"), scene.lease("b")];
  await scene.start([a, b]);
  scene.leases.delete(a);
  scene.leases.delete(b);
  await scene.clock.settle();
  scene.subject.forget(a);
  assert.deepEqual(scene.statuses("a", "b"), ["unknown", "expired"]);
  await scene.clock.advance(3_599_999);
  assert.deepEqual(scene.statuses("b"), ["uncertain"]);
  await scene.clock.advance(1);
  assert.deepEqual(scene.statuses("b"), ["unknown"]);
  assert.deepEqual(scene.subject.leasesOf("ring"), []);
});

Deno.test("Rings keep no ghost of a Lease that we delete ourselves", async () => {
  await using scene = new Scene();
  const [a, b] = [scene.lease("a", { holder: "" }), scene.lease("b", { holder: "" })];
  await scene.start([a, b]);
  scene.subject.forget(a);
  scene.subject.forget(b);
  scene.subject.remember(b);
  assert.deepEqual(scene.statuses("a", "b"), ["dead", "dead"]);
  scene.leases.delete(a);
  scene.leases.delete(b);
  await scene.clock.settle();
  assert.deepEqual(scene.statuses("a", "b"), ["unknown", "dead"]);
});

Deno.test("Rings keep no ghost of a Lease that was orphaned, as some replica has cleaned up", async () => {
  await using scene = new Scene();
  const [a, b] = [scene.lease("a", { holder: "", duration: 1 }), scene.lease("b", { holder: "", duration: 1 })];
  await scene.start([a, b]);
  scene.leases.delete(b);
  await scene.clock.advance(61_000);
  scene.leases.delete(a);
  await scene.clock.settle();
  assert.deepEqual(scene.statuses("a", "b"), ["unknown", "unknown"]);
});

Deno.test("Rings follow a Lease whose label changes from one ring to another", async () => {
  await using scene = new Scene();
  await scene.start([scene.lease("a")], [ringOf("ring"), ringOf("second")]);
  scene.leases.apply(scene.lease("a", { ring: "second" }));
  await scene.clock.settle();
  assert.equal(scene.subject.leaseOf("ring", "a")?.ghost, true);
  assert.equal(scene.subject.leaseOf("second", "a")?.ghost, false);
  assert.equal(scene.subject.findLease({ namespace: "default", name: "a" })?.ring, "second");
});

Deno.test("Rings may judge unknown shards after they have watched Leases for twice their duration", async () => {
  await using scene = new Scene();
  await scene.start([scene.lease("a", { duration: 40 })]);
  const snapshot = scene.subject.get("ring");
  assert.equal(snapshot?.mayJudgeUnknown, false);
  await scene.clock.advance(79_999);
  assert.equal(scene.subject.get("ring")?.mayJudgeUnknown, false);
  await scene.changes();
  await scene.clock.advance(1);
  assert.equal(scene.subject.get("ring")?.mayJudgeUnknown, true);
  assert.ok((await scene.changes()).includes("judgement"));
  scene.leases.watchingSince = undefined;
  assert.equal(scene.subject.get("ring")?.mayJudgeUnknown, false);
});

Deno.test("Rings tell when a ring's spec changes and when it is gone", async () => {
  await using scene = new Scene();
  await scene.start([scene.lease("a")]);
  assert.deepEqual(await scene.changes(), ["spec"]);
  const secrets = { group: "", resource: "secrets" };
  const changed = ringOf("ring", { resources: [secrets] }, 2);
  scene.rings.apply(changed);
  assert.deepEqual(await scene.changes(), ["spec"]);
  assert.equal(scene.subject.get("ring")?.roleOf(secrets), "main");
  assert.deepEqual(scene.statuses("a"), ["ready"]);
  scene.rings.apply(
    stored({ ...changed, metadata: { ...changed.metadata, deletionTimestamp: "2026-01-01T00:00:00Z" } }),
  );
  assert.deepEqual(await scene.changes(), ["spec"]);
  scene.rings.delete(changed);
  assert.deepEqual(await scene.changes(), ["gone"]);
  assert.equal(scene.subject.get("ring"), undefined);
  assert.equal(scene.subject.leaseOf("ring", "a"), undefined);
  scene.rings.apply(ringOf("ring"));
  assert.deepEqual(await scene.changes(), ["spec"]);
  assert.deepEqual(scene.statuses("a"), ["ready"]);
});

Deno.test("Rings select namespaces by the ring's selector, else by the default one", async () => {
  await using scene = new Scene();
  const own = ringOf("own", { namespaceSelector: { matchExpressions: [{ key: "team", operator: "DoesNotExist" }] } });
  const all = ringOf("all", { namespaceSelector: {} });
  await scene.start([], [ringOf("ring"), own, all]);
  const table = [["ring", true, false], ["own", false, true], ["all", true, true]] as const;
  for (const [name, mine, other] of table) {
    const snapshot = scene.subject.get(name);
    assert.deepEqual([snapshot?.selects("mine"), snapshot?.selects("other")], [mine, other], name);
    assert.deepEqual([snapshot?.selectsNamespace("mine"), snapshot?.selectsNamespace("other")], [mine, other], name);
    assert.equal(snapshot?.selects("unheard-of"), undefined);
    assert.equal(snapshot?.selectsNamespace("unheard-of"), false);
    assert.equal(snapshot?.selects(""), true);
  }
  assert.deepEqual(scene.subject.get("ring")?.scope, { selected: ["mine"], all: false });
  assert.deepEqual(scene.subject.get("all")?.scope, { selected: ["mine", "other"], all: true });
});

Deno.test("Rings tell when a namespace becomes selected, ceases to be, or goes", async () => {
  await using scene = new Scene();
  await scene.start();
  assert.deepEqual(await scene.changes(), ["spec"]);
  scene.namespaces.apply(namespaceOf("other", { team: "b" }));
  assert.deepEqual(await scene.changes(), []);
  scene.namespaces.apply(namespaceOf("other", { team: "a" }));
  assert.deepEqual(await scene.changes(), ["scope other"]);
  assert.equal(scene.subject.get("ring")?.selects("other"), true);
  scene.namespaces.apply(namespaceOf("other"));
  assert.deepEqual(await scene.changes(), ["scope other"]);
  scene.namespaces.apply(namespaceOf("new", { team: "a" }));
  assert.deepEqual(await scene.changes(), ["scope new"]);
  scene.namespaces.delete(namespaceOf("new"));
  assert.deepEqual(await scene.changes(), ["scope new"]);
});

Deno.test("Rings report an invalid selector of one ring, and go on with the others", async () => {
  await using scene = new Scene();
  const broken = ringOf("broken", { namespaceSelector: { matchExpressions: [{ key: "a", operator: "Like" }] } });
  await scene.start([scene.lease("a", { ring: "broken" }), scene.lease("b")], [broken, ringOf("ring")]);
  const snapshot = scene.subject.get("broken");
  assert.match(snapshot?.problem ?? "", /^spec.namespaceSelector is invalid: .*Like/);
  assert.equal(snapshot?.selects("mine"), undefined);
  assert.deepEqual(snapshot?.scope, { selected: [], all: false });
  assert.deepEqual(snapshot?.view.liveNames(), ["a"]);
  assert.equal(scene.subject.get("ring")?.problem, undefined);
  assert.equal(scene.subject.get("ring")?.selects("mine"), true);
  await scene.changes();
  scene.rings.apply(ringOf("broken", {}, 2));
  assert.deepEqual(await scene.changes(), ["spec"]);
  assert.equal(scene.subject.get("broken")?.problem, undefined);
});

Deno.test("Rings judge a Lease that is newer than what they have seen as seen just now", async () => {
  await using scene = new Scene();
  await scene.start([scene.lease("a")]);
  await scene.clock.advance(31_000);
  assert.deepEqual(scene.statuses("a"), ["uncertain"]);
  assert.equal(scene.subject.stateOf(scene.lease("a")).state, "ready");
  const taken = scene.lease("a", { holder: takeOverIdentity, duration: 30 });
  assert.equal(scene.subject.stateOf(taken).held, true);
});

Deno.test("Rings tell the same to any number of subscribers, each from what is there", async () => {
  await using scene = new Scene();
  await scene.start();
  scene.leases.apply(scene.lease("a"));
  await scene.clock.settle();
  const stop = new AbortController();
  const late: RingChange[] = [];
  const reading = (async () => {
    for await (const change of scene.subject.changes(stop.signal)) late.push(change);
  })();
  await scene.clock.settle();
  scene.leases.apply(scene.lease("b"));
  assert.deepEqual(await scene.changes(), ["spec", "membership +a", "membership +b"]);
  assert.deepEqual(late.map(({ kind, joined }) => [kind, ...joined]), [["spec"], ["membership", "b"]]);
  stop.abort();
  await reading;
});

Deno.test("Rings hold a Lease by the clock that went further, whatever the view still says", async () => {
  await using scene = new Scene();
  const taken = scene.lease("shard-a", { holder: takeOverIdentity, duration: 20 });
  await scene.start([taken]);
  const snapshot = scene.subject.get("ring");
  assert.equal(snapshot?.holds("shard-a"), true);
  assert.equal(snapshot.holds("shard-b"), false);
  // A suspended machine: no timer has fired.
  scene.clock.jump(20_000);
  assert.equal(snapshot.view.statusOf("shard-a"), "held");
  assert.equal(snapshot.holds("shard-a"), false);
});

Deno.test("Rings do not hold a Lease any more that is gone, or from the moment at which it is given back", async () => {
  await using scene = new Scene();
  const gone = scene.lease("shard-a", { holder: takeOverIdentity, duration: 20 });
  const back = scene.lease("shard-b", { holder: takeOverIdentity, duration: 20 });
  await scene.start([gone, back]);
  assert.deepEqual(scene.statuses("shard-a", "shard-b"), ["held", "held"]);
  scene.leases.delete(gone);
  scene.subject.letGo(back);
  await scene.clock.settle();
  assert.deepEqual(scene.statuses("shard-a", "shard-b"), ["dead", "dead"]);
  assert.equal(scene.subject.stateOf(gone).held, false);
  // A new label is no new hold, a renewal is one.
  scene.leases.apply(stored({ ...back, metadata: { ...back.metadata, annotations: { foo: "bar" } } }));
  await scene.clock.settle();
  assert.deepEqual(scene.statuses("shard-b"), ["dead"]);
  await scene.clock.advance(1_000);
  scene.leases.apply(scene.lease("shard-b", { holder: takeOverIdentity, duration: 20 }));
  await scene.clock.settle();
  assert.deepEqual(scene.statuses("shard-b"), ["held"]);
});

Deno.test("Rings wait in peace when a Lease has become shorter before unknown shards may be judged", async () => {
  await using scene = new Scene();
  await scene.start([scene.lease("shard-a", { duration: 60 })]);
  await scene.clock.advance(5_000);
  scene.leases.apply(scene.lease("shard-a", { duration: 15 }));
  let timers = 0;
  const { timer } = scene.clock;
  scene.clock.timer = (ms, callback): Disposable => {
    assert.ok(++timers < 1_000, "the alarm rings without end");
    return timer.call(scene.clock, ms, callback);
  };
  for (let i = 0; i < 65; i++) {
    scene.leases.apply(scene.lease("shard-a"));
    await scene.clock.advance(2_000);
  }
  assert.equal(scene.subject.get("ring")?.mayJudgeUnknown, true);
});
