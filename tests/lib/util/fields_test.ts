import assert from "node:assert/strict";
import { Fields } from "../../../lib/util/fields.ts";

Deno.test("Fields reads values of the right type and leaves absent ones undefined", () => {
  const problems: string[] = [];
  const fields = new Fields(
    { s: "x", b: false, n: 1.5, i: 3, d: "1m30s", c: "b", m: { k: "v" }, l: ["p"], o: { s: "y" }, os: [{ s: "z" }] },
    "",
    problems,
  );
  assert.equal(fields.string("s"), "x");
  assert.equal(fields.boolean("b"), false);
  assert.equal(fields.number("n", 0), 1.5);
  assert.equal(fields.integer("i", 1), 3);
  assert.equal(fields.duration("d"), 90_000);
  assert.equal(fields.choice("c", ["a", "b"]), "b");
  assert.deepEqual(fields.stringMap("m"), { k: "v" });
  assert.deepEqual(fields.strings("l"), ["p"]);
  assert.equal(fields.object("o").string("s"), "y");
  assert.deepEqual(fields.objects("os").map((o) => [o.path, o.string("s")]), [["os[0]", "z"]]);
  assert.equal(fields.string("absent"), undefined);
  assert.equal(fields.object("absent").string("s"), undefined);
  assert.deepEqual(problems, []);
});

Deno.test("Fields notes every problem with the path of its field, and never prints text values", () => {
  const problems: string[] = [];
  const fields = new Fields(
    { s: 1, i: 1.5, n: -1, d: "15", m: { k: 1 }, o: "secret", list: [{ b: "secret" }] },
    "spec",
    problems,
  );
  fields.string("s");
  fields.integer("i");
  fields.number("n", 0);
  fields.duration("d");
  fields.stringMap("m");
  fields.object("o").string("x");
  fields.objects("list").forEach((item) => item.boolean("b"));
  assert.deepEqual(problems, [
    "spec.s: must be a string, but is 1",
    "spec.i: must be a whole number, but is 1.5",
    "spec.n: must be a number of at least 0, but is -1",
    'spec.d: must be a duration such as "15s" or "1m30s", but is other text',
    "spec.m: must be an object of strings, but is an object",
    "spec.o: must be an object, but is other text",
    "spec.list[0].b: must be true or false, but is other text",
  ]);
});

Deno.test("Fields tells which fields nobody has read", () => {
  const fields = new Fields({ known: 1, unknwon: 2 }, "", []);
  fields.integer("known");
  assert.deepEqual(fields.unread(), ["unknwon"]);
});

Deno.test("Fields.unknown() names fields that nobody has read at any depth, and what was meant", () => {
  const fields = new Fields(
    { other: {}, nested: { colr: "x", list: [{ a: 1, zzzzzz: 2 }] }, unread: { x: 1 } },
    "",
    [],
  );
  const nested = fields.object("nested");
  nested.string("color");
  nested.objects("list").forEach((item) => item.integer("a"));
  assert.deepEqual(fields.unknown(), [
    "other: unknown field, ignored",
    "unread: unknown field, ignored",
    'nested.colr: unknown field, ignored; did you mean "color"?',
    "nested.list[0].zzzzzz: unknown field, ignored",
  ]);
});

Deno.test("Fields reports a document that is no object", () => {
  const problems: string[] = [];
  new Fields(["a"], "", problems);
  assert.deepEqual(problems, ["the document: must be an object, but is a list"]);
});
