import assert from "node:assert/strict";
import { LabelBook } from "./label_book.ts";

const on = (shard: string): { shard: string; draining: boolean } => ({ shard, draining: false });

/** A book with one family on a shard, both noted at time 0; the step begins at 10. */
function bookWithFamily(shard = "a"): LabelBook {
  const book = new LabelBook();
  book.note("secret", "f", on(shard), 0);
  book.note("configMap", "f", on(shard), 0);
  book.begin(10);
  return book;
}

Deno.test("a live move of a family is one move of each part, whatever labels come and go in between", () => {
  const book = bookWithFamily();
  book.note("secret", "f", { shard: "a", draining: true }, 20);
  book.note("secret", "f", on("b"), 30);
  book.note("configMap", "f", on("b"), 34);
  const figures = book.figures(100);
  assert.deepEqual(figures.moved, { secret: 1, configMap: 1 });
  assert.deepEqual(figures.moves, { secret: 1, configMap: 1 });
  assert.equal(figures.drains, 1);
  assert.equal(figures.firstChange, 20);
  assert.equal(figures.firstMove, 30);
  assert.equal(figures.lastChange, 34);
  assert.equal(figures.longestApart, 4);
  assert.equal(figures.movedAgain, 0);
});

Deno.test("an object that loses its shard on the way has moved once it has another", () => {
  const book = bookWithFamily();
  book.note("secret", "f", on(""), 20);
  assert.equal(book.figures(25).longestUnassigned, 5);
  book.note("secret", "f", on("b"), 30);
  assert.equal(book.figures(100).moves.secret, 1);
  assert.equal(book.figures(100).longestUnassigned, 10);
});

Deno.test("an object that gets its old shard back has not moved", () => {
  const book = bookWithFamily();
  book.note("secret", "f", on(""), 20);
  book.note("secret", "f", on("a"), 30);
  const { moves, lastChange } = book.figures(100);
  assert.equal(moves.secret, 0);
  assert.equal(lastChange, 30);
});

Deno.test("a family that is still apart counts up to now, and only from the beginning of the step", () => {
  const book = bookWithFamily();
  book.note("secret", "f", on("b"), 20);
  book.begin(50);
  assert.equal(book.figures(58).longestApart, 8);
  book.note("configMap", "f", on("b"), 60);
  assert.equal(book.figures(100).longestApart, 10);
});

Deno.test("a family without a shard is not apart", () => {
  const book = bookWithFamily();
  book.note("secret", "f", on(""), 20);
  assert.equal(book.figures(90).longestApart, 0);
});

Deno.test("who moves twice in a step counts once as moved, twice as moves", () => {
  const book = bookWithFamily();
  book.note("secret", "f", on("b"), 20);
  book.note("secret", "f", on("c"), 30);
  const { moved, moves, movedAgain } = book.figures(40);
  assert.deepEqual([moved.secret, moves.secret, movedAgain], [1, 2, 1]);
});

Deno.test("what is written again without a change of labels is no change", () => {
  const book = bookWithFamily();
  book.note("secret", "f", on("a"), 20);
  assert.equal(book.figures(30).lastChange, undefined);
});

Deno.test("misplaced() counts objects on other shards and those that are asked to leave", () => {
  const book = bookWithFamily();
  assert.equal(book.misplaced(() => "a"), 0);
  assert.equal(book.misplaced(() => "b"), 2);
  book.note("secret", "f", { shard: "a", draining: true }, 20);
  assert.equal(book.misplaced(() => "a"), 1);
});

Deno.test("counts() and spread() forget what is gone", () => {
  const book = bookWithFamily();
  book.note("secret", "g", on(""), 20);
  assert.deepEqual(book.counts(), { secret: 2, configMap: 1 });
  assert.deepEqual([...book.spread()], [["a", 1], ["", 1]]);
  book.remove("configMap", "f", 30);
  book.remove("secret", "g", 30);
  assert.deepEqual(book.counts(), { secret: 1, configMap: 0 });
  assert.deepEqual([...book.spread()], [["a", 1]]);
});
