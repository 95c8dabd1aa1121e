import assert from "node:assert/strict";
import { memoize } from "../../../lib/util/memo.ts";

Deno.test("memoize() makes each result once, and forgets the oldest beyond its limit", () => {
  const made: string[] = [];
  const length = memoize((text) => {
    made.push(text);
    return text.length;
  }, 2);
  assert.deepEqual(["a", "bb", "a", "bb"].map(length), [1, 2, 1, 2]);
  assert.deepEqual(made, ["a", "bb"]);
  assert.equal(length("ccc"), 3);
  assert.equal(length("bb"), 2);
  assert.deepEqual(made, ["a", "bb", "ccc"]);
  assert.equal(length("a"), 1);
  assert.deepEqual(made, ["a", "bb", "ccc", "a"]);
});

Deno.test("memoize() keeps no failure", () => {
  let fails = true;
  const read = memoize((text) => {
    if (fails) throw new Error(text);
    return text;
  }, 1);
  assert.throws(() => read("a"), /a/);
  fails = false;
  assert.equal(read("a"), "a");
});
