import assert from "node:assert/strict";
import type { RingsOptions } from "../../../lib/rings/mod.ts";
import { leaseNamespacesAnnotation, leaseRingLabel, takeOverIdentity } from "../../../lib/sharding/names.ts";
import type { ControllerRing } from "../../../lib/sharding/ring_types.ts";
import { ringOf, Scene, stored } from "./scene.ts";

/** The windows and the guard as they are by default. */
const usual: Partial<RingsOptions> = { joinWindow: 1_000, settleWindow: 1_000, massLossHold: 2 };

function assignable(scene: Scene): readonly string[] {
  return scene.subject.get("ring")?.view.assignable.shards ?? [];
}

function keptBack(scene: Scene): readonly string[] {
  return scene.subject.get("ring")?.view.keptBack ?? [];
}

Deno.test("the first shards of a ring wait for each other: none gets anything before the join window ends", async () => {
  await using scene = new Scene(usual);
  await scene.start();
  await scene.changes();
  scene.leases.apply(scene.lease("a"));
  await scene.clock.advance(999);
  assert.deepEqual([assignable(scene), scene.subject.get("ring")?.view.waiting], [[], ["a"]]);
  assert.deepEqual(scene.statuses("a"), ["ready"]);
  await scene.clock.advance(1);
  assert.deepEqual(assignable(scene), ["a"]);
  // Nobody waits twice.
  assert.deepEqual(await scene.changes(), ["membership", "membership +a"]);
});

Deno.test("each shard that joins makes the join window begin again, up to half as long again", async () => {
  await using scene = new Scene(usual);
  await scene.start();
  await scene.changes();
  for (const name of ["a", "b", "c"]) {
    scene.leases.apply(scene.lease(name));
    await scene.clock.advance(400);
  }
  scene.leases.apply(scene.lease("d"));
  await scene.clock.advance(299);
  assert.deepEqual(assignable(scene), []);
  await scene.clock.advance(1);
  assert.deepEqual(assignable(scene), ["a", "b", "c", "d"]);
  assert.equal((await scene.changes()).at(-1), "membership +a +b +c +d");
  assert.deepEqual(await scene.changes(), []);
});

Deno.test("shards that were there before the sharder do not wait, nor does one that joins others", async () => {
  await using scene = new Scene(usual);
  await scene.start([scene.lease("a")]);
  assert.deepEqual(assignable(scene), ["a"]);
  scene.leases.apply(scene.lease("b"));
  await scene.clock.settle();
  assert.deepEqual(assignable(scene), ["a", "b"]);
});

Deno.test("after an outage the late shards keep all while the first ones that are back wait for the others", async () => {
  await using scene = new Scene(usual);
  await scene.start([scene.lease("a"), scene.lease("b"), scene.lease("c")]);
  await scene.clock.advance(16_000);
  assert.deepEqual(scene.statuses("a", "b", "c"), ["expired", "expired", "expired"]);
  assert.deepEqual(assignable(scene), ["a", "b", "c"]);
  scene.leases.apply(scene.lease("b"));
  await scene.clock.advance(500);
  assert.deepEqual(scene.statuses("a", "b", "c"), ["expired", "ready", "expired"]);
  assert.deepEqual(assignable(scene), ["a", "b", "c"]);
  scene.leases.apply(scene.lease("a"));
  await scene.clock.advance(1_000);
  assert.deepEqual(assignable(scene), ["a", "b"]);
});

Deno.test("a ring whose only shard is late and comes back does not wait for anybody", async () => {
  await using scene = new Scene(usual);
  await scene.start([scene.lease("a")]);
  await scene.clock.advance(16_000);
  await scene.changes();
  scene.leases.apply(scene.lease("a"));
  assert.deepEqual(await scene.changes(), ["membership"]);
  assert.deepEqual(assignable(scene), ["a"]);
});

Deno.test("joins are told together when the shards have not changed for a settle window, those that leave at once", async () => {
  await using scene = new Scene(usual);
  const a = scene.lease("a");
  await scene.start([a, scene.lease("b")]);
  await scene.changes();
  scene.leases.apply(scene.lease("c"));
  assert.deepEqual(await scene.changes(), ["membership"]);
  // New objects, and those of shards that leave, go to it already.
  assert.deepEqual(assignable(scene), ["a", "b", "c"]);
  await scene.clock.advance(300);
  scene.leases.apply(scene.lease("a", { holder: "" }));
  assert.deepEqual(await scene.changes(), ["membership -a"]);
  await scene.clock.advance(700);
  scene.leases.apply(scene.lease("d"));
  await scene.clock.advance(900);
  assert.deepEqual(await scene.changes(), ["membership"]);
  assert.equal(scene.subject.get("ring")?.isSettling, true);
  await scene.clock.advance(100);
  assert.deepEqual(await scene.changes(), ["membership +c +d"]);
  assert.equal(scene.subject.get("ring")?.isSettling, false);
});

Deno.test("a settle window ends after twice its length, however often the shards change", async () => {
  await using scene = new Scene(usual);
  await scene.start([scene.lease("a")]);
  await scene.changes();
  for (const name of ["b", "c", "d", "e"]) {
    scene.leases.apply(scene.lease(name));
    await scene.clock.advance(500);
  }
  assert.equal((await scene.changes()).at(-1), "membership +b +c +d +e");
  // The next change begins a window of its own.
  scene.leases.apply(scene.lease("f"));
  await scene.clock.advance(999);
  assert.deepEqual(await scene.changes(), ["membership"]);
  await scene.clock.advance(1);
  assert.deepEqual(await scene.changes(), ["membership +f"]);
});

Deno.test("a shard that joins and leaves within a settle window is not told to have joined", async () => {
  await using scene = new Scene(usual);
  await scene.start([scene.lease("a")]);
  await scene.changes();
  scene.leases.apply(scene.lease("b"));
  await scene.clock.advance(100);
  scene.leases.apply(scene.lease("b", { holder: "" }));
  await scene.clock.advance(3_000);
  assert.deepEqual(await scene.changes(), ["membership", "membership -b", "membership"]);
});

/** Starts with three proving shards that renew for a while, and lets only these go on. */
async function crash(scene: Scene, survivors: readonly string[], all: readonly string[]): Promise<void> {
  await scene.start(all.map((name) => scene.lease(name, { stopsAfter: 10_000 })));
  for (let i = 0; i < 10; i++) {
    for (const name of all) scene.leases.apply(scene.lease(name, { stopsAfter: 10_000 }));
    await scene.clock.advance(2_000);
  }
  await goOn(scene, survivors, 0);
}

/** The survivors renew every second. */
async function goOn(scene: Scene, survivors: readonly string[], ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 1_000) {
    for (const name of survivors) scene.leases.apply(scene.lease(name, { stopsAfter: 10_000 }));
    await scene.clock.advance(1_000);
  }
}

Deno.test("shards that fall silent with most others are waited for 2 L longer, and named meanwhile", async () => {
  await using scene = new Scene(usual);
  await crash(scene, ["a"], ["a", "b", "c"]);
  // They were last seen 2 s ago.
  await goOn(scene, ["a"], 14_000);
  assert.deepEqual(keptBack(scene), ["b", "c"]);
  await goOn(scene, ["a"], 30_000);
  assert.deepEqual(scene.statuses("a", "b", "c"), ["ready", "expired", "expired"]);
  await goOn(scene, ["a"], 1_000);
  assert.deepEqual(scene.statuses("a", "b", "c"), ["ready", "uncertain", "uncertain"]);
  scene.leases.apply(scene.lease("b", { holder: takeOverIdentity, duration: 30 }));
  scene.leases.apply(scene.lease("c", { holder: takeOverIdentity, duration: 30 }));
  await scene.clock.settle();
  assert.deepEqual([scene.statuses("b", "c"), keptBack(scene)], [["held", "held"], []]);
});

Deno.test("one of three, or two of two, are no mass: they are taken over in time", async () => {
  for (const [all, survivors] of [[["a", "b", "c"], ["a", "b"]], [["a", "b"], []]] as const) {
    await using scene = new Scene(usual);
    await crash(scene, survivors, all);
    await goOn(scene, survivors, 15_000);
    const lost = all.filter((name) => !survivors.some((survivor) => survivor === name));
    assert.deepEqual(scene.statuses(...lost), lost.map(() => "uncertain"));
  }
});

Deno.test("the guard can be switched off", async () => {
  await using scene = new Scene({ ...usual, massLossHold: 0 });
  await crash(scene, ["a"], ["a", "b", "c"]);
  await goOn(scene, ["a"], 15_000);
  assert.deepEqual([scene.statuses("b", "c"), keptBack(scene)], [["uncertain", "uncertain"], []]);
});

Deno.test("a mass loss is over when as many new shards have joined", async () => {
  await using scene = new Scene(usual);
  await crash(scene, ["a"], ["a", "b", "c"]);
  await goOn(scene, ["a", "d"], 20_000);
  assert.deepEqual(scene.statuses("b", "c"), ["expired", "expired"]);
  await goOn(scene, ["a", "d", "e"], 1_000);
  assert.deepEqual([scene.statuses("b", "c"), keptBack(scene)], [["uncertain", "uncertain"], []]);
});

Deno.test("a shard that is back does not end the patience with those that were lost with it", async () => {
  await using scene = new Scene(usual);
  await crash(scene, ["a"], ["a", "b", "c"]);
  await goOn(scene, ["a"], 20_000);
  assert.deepEqual(scene.statuses("b", "c"), ["expired", "expired"]);
  // They are back at about the same time, but not at the same moment.
  await goOn(scene, ["a", "b"], 5_000);
  assert.deepEqual([scene.statuses("b", "c"), keptBack(scene)], [["ready", "expired"], ["c"]]);
  await goOn(scene, ["a", "b"], 25_000);
  assert.deepEqual(scene.statuses("b", "c"), ["ready", "uncertain"]);
});

Deno.test("shards that release their Leases are no mass loss", async () => {
  await using scene = new Scene(usual);
  await scene.start(["a", "b", "c", "d"].map((name) => scene.lease(name, { stopsAfter: 10_000 })));
  for (const name of ["b", "c", "d"]) scene.leases.apply(scene.lease(name, { holder: "", duration: 1 }));
  await scene.clock.settle();
  assert.deepEqual([scene.statuses("b", "c", "d"), keptBack(scene)], [["dead", "dead", "dead"], []]);
  await scene.clock.advance(17_000);
  assert.deepEqual(scene.statuses("a"), ["uncertain"]);
});

Deno.test("Leases that had expired before the sharder saw them are no mass loss", async () => {
  await using scene = new Scene(usual);
  const old = scene.clock.now() - 3_600_000;
  const stale = ["b", "c", "d"].map((name) => scene.lease(name, { renewTime: old, stopsAfter: 10_000 }));
  await scene.start([scene.lease("a", { stopsAfter: 10_000 }), ...stale]);
  await goOn(scene, ["a"], 17_000);
  assert.deepEqual(scene.statuses("b", "c", "d"), ["uncertain", "uncertain", "uncertain"]);
});

Deno.test("a sharder that could not see the shards for a while does not take that for their loss", async () => {
  await using scene = new Scene(usual);
  await crash(scene, ["a"], ["a", "b", "c"]);
  scene.leases.watchingSince = undefined;
  await scene.clock.advance(90_000);
  scene.leases.watchingSince = scene.clock.monotonic();
  await scene.clock.advance(2_000);
  assert.deepEqual(keptBack(scene), []);
  assert.deepEqual(scene.statuses("a", "b", "c"), ["expired", "expired", "expired"]);
});

/** The ring "ring" with the annotation for its shards' namespaces. */
function restricted(namespaces: string): ControllerRing {
  const ring = ringOf("ring");
  const annotations = { [leaseNamespacesAnnotation]: namespaces };
  return { ...ring, metadata: { ...ring.metadata, annotations } };
}

Deno.test("a ring can be restricted to Leases of some namespaces, at any time", async () => {
  await using scene = new Scene(usual);
  await scene.start([scene.lease("a"), scene.lease("b", { namespace: "alien" })]);
  assert.deepEqual(assignable(scene), ["a", "b"]);
  await scene.changes();
  scene.rings.apply(restricted("default"));
  assert.deepEqual(await scene.changes(), ["spec"]);
  const snapshot = scene.subject.get("ring");
  assert.deepEqual([assignable(scene), scene.statuses("b")], [["a"], ["unknown"]]);
  assert.deepEqual([snapshot?.admits("default"), snapshot?.admits("alien")], [true, false]);
  assert.deepEqual(snapshot?.view.foreign.map(({ name }) => name), ["b"]);
  assert.equal(scene.subject.leaseOf("ring", "b"), undefined);
  scene.rings.apply(stored(ringOf("ring")));
  await scene.clock.settle();
  assert.deepEqual(assignable(scene), ["a", "b"]);
});

Deno.test("foreign Leases neither put off the judgement of unknown shards nor make a mass loss", async () => {
  await using scene = new Scene(usual);
  const alien = { namespace: "alien" };
  await scene.start([
    scene.lease("a", { stopsAfter: 10_000 }),
    scene.lease("x", { ...alien, duration: 3_600 }),
    ...["y", "z"].map((name) => scene.lease(name, alien)),
  ], [restricted("default")]);
  await goOn(scene, [], 17_000);
  assert.deepEqual([scene.statuses("a"), keptBack(scene)], [["uncertain"], []]);
  await goOn(scene, [], 13_000);
  assert.equal(scene.subject.get("ring")?.mayJudgeUnknown, true);
});

Deno.test("a shard that went over to another ring is forgotten in the one before when it must have stopped", async () => {
  await using scene = new Scene(usual);
  await scene.start([scene.lease("a"), scene.lease("b")], [ringOf("ring"), ringOf("second")]);
  for (let passed = 0; passed < 29_000; passed += 1_000) {
    scene.leases.apply(scene.lease("a", { ring: "second" }), scene.lease("b"));
    await scene.clock.advance(1_000);
  }
  assert.deepEqual(scene.statuses("a"), ["expired"]);
  scene.leases.apply(scene.lease("a", { ring: "second" }), scene.lease("b"));
  await scene.clock.advance(1_000);
  assert.deepEqual(scene.statuses("a", "b"), ["unknown", "ready"]);
  assert.equal(scene.subject.get("second")?.view.statusOf("a"), "ready");
});

Deno.test("a Lease that only got another label is waited for: its shard may still be the ring's", async () => {
  await using scene = new Scene(usual);
  const a = scene.lease("a");
  await scene.start([a], [ringOf("ring"), ringOf("second")]);
  scene.leases.apply(stored({ ...a, metadata: { ...a.metadata, labels: { [leaseRingLabel]: "second" } } }));
  await scene.clock.advance(60_000);
  assert.deepEqual(scene.statuses("a"), ["uncertain"]);
  // Whoever writes it now is of the other ring.
  scene.leases.apply(scene.lease("a", { ring: "second", holder: takeOverIdentity }));
  await scene.clock.settle();
  assert.deepEqual(scene.statuses("a"), ["unknown"]);
});
