import assert from "node:assert/strict";
import { type OwnerSight, readLog, twoOwners, type Work, worksOf } from "./reconcile_log.ts";

const object = "foo";

function work(shard: string, begin: number, end: number): Work {
  return { shard, object, begin, end };
}

function ownersOf(...sights: readonly [shard: string, at: number][]): ReadonlyMap<string, readonly OwnerSight[]> {
  return new Map([[object, sights.map(([shard, at]) => ({ shard, at }))]]);
}

const owners = ownersOf(["a", 0], ["", 100], ["b", 110]);

Deno.test("worksOf() pairs beginnings and ends, and keeps a write whose shard was killed", () => {
  const lines = [
    '{"at":1000,"shard":"a","event":"ready"}',
    "klog says something",
    '{"at":2000,"shard":"a","event":"begin","object":"foo"}',
    '{"at":2500,"shard":"a","event":"begin","object":"bar"}',
    '{"at":3000,"shard":"a","event":"end","object":"foo"}',
    '{"at":4000,"shard":"a","event":"begin","object":"foo"}',
  ];
  assert.deepEqual(worksOf(readLog(lines)), [
    { shard: "a", object: "foo", begin: 2, end: 3 },
    { shard: "a", object: "bar", begin: 2.5, end: 2.5 },
    { shard: "a", object: "foo", begin: 4, end: 4 },
  ]);
});

Deno.test("twoOwners() finds nothing when one shard follows the other", () => {
  assert.deepEqual(twoOwners([work("a", 10, 20), work("a", 80, 99), work("b", 105, 120)], owners), []);
});

Deno.test("twoOwners() lets a shard begin before the watch shows its label", () => {
  assert.deepEqual(twoOwners([work("a", 10, 20), work("b", 99, 120)], owners), []);
});

Deno.test("twoOwners() finds two shards at work at the same time", () => {
  const [problem = "", ...more] = twoOwners([work("a", 80, 106), work("b", 105, 120)], owners);
  assert.match(problem, /^b worked on foo at 105, and a until 106$/);
  assert.deepEqual(more, []);
});

Deno.test("twoOwners() finds a long write behind a short one of the same shard", () => {
  const works = [work("a", 80, 130), work("a", 90, 95), work("b", 105, 120)];
  assert.match(twoOwners(works, owners).join(), /b worked on foo at 105, and a until 130/);
});

Deno.test("twoOwners() finds a shard that goes on when all could see that it had lost the object", () => {
  const [problem = ""] = twoOwners([work("a", 80, 90), work("a", 111, 112)], owners);
  assert.match(problem, /^a worked on foo at 111, when it was b's$/);
  assert.match(twoOwners([work("a", 101, 102)], owners).join(), /when it was nobody's/);
});

Deno.test("twoOwners() finds shards that take turns although the object moved once", () => {
  const works = [work("a", 80, 81), work("b", 82, 83), work("a", 84, 85)];
  assert.match(twoOwners(works, owners).join(), /a worked on foo at 84 out of order: its owners were a, nobody, b/);
});

Deno.test("twoOwners() knows that an object can come back", () => {
  const there = ownersOf(["a", 0], ["b", 100], ["a", 200]);
  assert.deepEqual(twoOwners([work("a", 10, 20), work("b", 110, 120), work("a", 205, 210)], there), []);
});

Deno.test("twoOwners() finds work on an object that never was the shard's", () => {
  assert.match(twoOwners([work("c", 10, 20)], owners).join(), /c worked on foo at 10, when it was a's/);
});
