import assert from "node:assert/strict";
import type { KubeObject } from "../../mod.ts";
import { drainLabel, shardLabel } from "../../lib/sharding/names.ts";
import { type Breach, Judge } from "./support/judge.ts";

const ring = "ring";

function secret(uid: string, shard?: string, draining = false): KubeObject {
  const labels = {
    ...(shard === undefined ? {} : { [shardLabel(ring)]: shard }),
    ...(draining ? { [drainLabel(ring)]: "true" } : {}),
  };
  return { apiVersion: "v1", kind: "Secret", metadata: { name: "o", namespace: "default", uid, labels } };
}

function child(uid: string, shard: string): KubeObject {
  const ownerReferences = [{ apiVersion: "v1", kind: "Secret", name: "o", uid, controller: true }];
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "work-o", namespace: "default", ownerReferences, labels: { [shardLabel(ring)]: shard } },
  };
}

/** A judge of one object, whose labels change and for which shards write, at times in milliseconds. */
class Case {
  readonly breaches: Breach[] = [];
  readonly judge = new Judge(ring, (breach) => this.breaches.push(breach));
  #object: KubeObject | undefined;
  #writes = 0;

  constructor() {
    for (const shard of ["a", "b"]) this.judge.onLease(shard, shard);
  }

  label(at: number, shard?: string, draining = false): this {
    const next = secret("1", shard, draining);
    this.judge.onMain(this.#object, next, at);
    this.#object = next;
    return this;
  }

  /** @param end undefined: the shard did not live to tell */
  write(shard: string, begin: number, end?: number): this {
    const line = { shard, id: `${this.#writes++}`, uid: "1", object: "o" };
    this.judge.onLine({ ...line, at: begin, event: "begin" });
    if (end !== undefined) this.judge.onLine({ ...line, at: end, event: "end" });
    return this;
  }

  /** Guarantees that were not kept. */
  get verdict(): readonly string[] {
    this.judge.judge(Infinity);
    return this.breaches.map(({ guarantee }) => guarantee);
  }
}

Deno.test("Judge has nothing against a move with a drain, and writes of each owner in its time", () => {
  const moved = new Case().label(0, "a").write("a", 10, 20).label(30, "a", true).label(40, "b").write("b", 50, 60);
  assert.deepEqual(moved.verdict, []);
  assert.equal(moved.judge.writes, 2);
});

Deno.test("Judge finds a write that a former owner begins after its successor", () => {
  const moved = new Case().label(0, "a").label(30, "a", true).label(40, "b").write("b", 50, 60).write("a", 55, 58);
  assert.deepEqual(moved.verdict, ["G1"]);
});

Deno.test("Judge brings writes in their order, however late and mixed they are told", () => {
  const moved = new Case().write("b", 50, 60).write("a", 10, 20).label(0, "a").label(30, "a", true).label(40, "b");
  assert.deepEqual(moved.verdict, []);
});

Deno.test("Judge finds a write for an object that was never the shard's own", () => {
  assert.deepEqual(new Case().label(0, "a").write("b", 10, 20).verdict, ["G1"]);
});

Deno.test("Judge lets a shard know of its object a little before the label was seen", () => {
  const back = new Case().label(0, "a").write("a", 1, 2).label(30, "a", true).label(40, "b").write("b", 50, 51)
    .label(60, "b", true);
  // Committed at 70, written for at 75, seen at 80.
  assert.deepEqual(back.write("a", 75, 78).label(80, "a").verdict, []);
  const early = new Case().label(0, "a").write("b", 100, 110).label(30, "a", true).label(5_000, "b");
  assert.deepEqual(early.verdict, ["G1"], "so early nobody can have known");
});

Deno.test("Judge finds a move without a drain from a shard that holds its Lease", () => {
  assert.deepEqual(new Case().label(0, "a").label(10, "b").verdict, ["G1"]);
  const dead = new Case().label(0, "a");
  dead.judge.onLease("a", "shardlease-controller");
  assert.deepEqual(dead.label(10, "b").verdict, []);
});

Deno.test("Judge finds a shard that lets go while a write of its own is on its way", () => {
  const hasty = new Case().label(0, "a").write("a", 10, 100).label(30, "a", true).label(40, "b").write("b", 50, 60);
  assert.deepEqual(hasty.verdict, ["G1"]);
});

Deno.test("Judge counts a write of a dead shard that lands late, as assumption A3 has it", () => {
  const late = new Case().label(0, "a").write("a", 10, 100);
  late.judge.onLease("a", "shardlease-controller");
  late.label(40, "b").write("b", 50, 60);
  assert.deepEqual(late.verdict, []);
  assert.deepEqual(late.judge.landedLate, { count: 1, longest: 50 });
});

Deno.test("Judge finds a child that moves before its owner was let go of", () => {
  const family = new Case().label(0, "a").label(10, "a", true);
  family.judge.onChild(child("1", "a"), child("1", "b"), 20);
  assert.deepEqual(family.verdict, ["G4"]);
  const moved = new Case().label(0, "a").label(10, "a", true).label(20, "b");
  moved.judge.onChild(child("1", "a"), child("1", "b"), 30);
  assert.deepEqual(moved.verdict, []);
});

Deno.test("Judge takes a new object for another, although it has the name of one that is gone", () => {
  const judged = new Case().label(0, "a").write("a", 5, 6);
  judged.judge.onMain(secret("1", "a"), undefined, 10);
  judged.judge.onMain(undefined, secret("2", "b"), 20);
  const line = { shard: "b", id: "9", uid: "2", object: "o", event: "begin" as const };
  judged.judge.onLine({ ...line, at: 30 });
  judged.write("a", 40, 41);
  assert.deepEqual(judged.verdict, [], "a may write for what is gone, as long as it does not know");
});
