import assert from "node:assert/strict";
import fc from "fast-check";
import { wantsColour } from "../../../commands/ring_view/ansi.ts";
import { barCapacity } from "../../../commands/ring_view/bar.ts";
import { cut, lastPart, span, textOf, widthOf } from "../../../commands/ring_view/line.ts";
import { glyphsFor, shortNames, timeOfDay } from "../../../commands/ring_view/mod.ts";

const env = (values: Readonly<Record<string, string>>) => (name: string): string | undefined => values[name];

const colours: readonly [Readonly<Record<string, string>>, boolean, boolean][] = [
  [{ TERM: "xterm-256color" }, true, true],
  [{ TERM: "xterm-256color" }, false, false],
  [{ TERM: "xterm", NO_COLOR: "1" }, true, false],
  [{ TERM: "xterm", NO_COLOR: "" }, true, true],
  [{ TERM: "dumb" }, true, false],
];

for (const [values, terminal, wanted] of colours) {
  const where = terminal ? "a terminal" : "a file";
  Deno.test(`wantsColour() says ${wanted} for ${where} with ${JSON.stringify(values)}`, () => {
    assert.equal(wantsColour(env(values), terminal), wanted);
  });
}

const locales: readonly [Readonly<Record<string, string>>, boolean][] = [
  [{}, false],
  [{ LANG: "en_US.UTF-8" }, true],
  [{ LANG: "C" }, false],
  [{ LANG: "C.utf8" }, true],
  [{ LANG: "en_US.UTF-8", LC_ALL: "C" }, false],
  [{ LANG: "C", LC_CTYPE: "de_DE.UTF-8" }, true],
  [{ LANG: "de_DE.UTF-8", LC_ALL: "" }, true],
];

for (const [values, unicode] of locales) {
  Deno.test(`glyphsFor() draws with ${unicode ? "Unicode" : "ASCII"} for ${JSON.stringify(values)}`, () => {
    assert.equal(/^[\x20-\x7e]+$/.test(Object.values(glyphsFor(env(values))).join("")), !unicode);
  });
}

const names: readonly [readonly string[], readonly string[]][] = [
  [["ring-c95-7jb2v", "ring-c95-hv8pb"], ["7jb2v", "hv8pb"]],
  [["ring-c95-7jb2v", "ring-d12-hv8pb"], ["c95-7jb2v", "d12-hv8pb"]],
  [["ring-c95-7jb2v", "ring-c95-7zzzz"], ["7jb2v", "7zzzz"]],
  [["only-one"], ["only-one"]],
  [["a", "b"], ["a", "b"]],
  [["shard", "shard-a"], ["shard", "shard-a"]],
  [["", "x-a", "x-b"], ["a", "b"]],
  [[], []],
];

for (const [full, short] of names) {
  Deno.test(`shortNames() of ${JSON.stringify(full)} are ${JSON.stringify(short)}`, () => {
    assert.deepEqual([...shortNames(full).values()], short);
  });
}

Deno.test("shortNames() never gives two names the same short one", () => {
  const name = fc.stringMatching(/^[a-c-]{1,8}$/);
  fc.assert(fc.property(fc.uniqueArray(name), (all) => {
    assert.equal(new Set(shortNames(all).values()).size, all.length);
  }));
});

Deno.test("barCapacity() is the first round number that is enough", () => {
  assert.deepEqual([0, 10, 11, 20, 21, 51, 100, 101, 900].map(barCapacity), [10, 10, 20, 20, 50, 100, 100, 200, 1_000]);
});

Deno.test("cut() leaves short lines alone and shows that it cut longer ones", () => {
  assert.equal(textOf(cut([span("abc"), span("def")], 6, "..")), "abcdef");
  assert.equal(textOf(cut([span("abc"), span("def")], 5, "..")), "abc..");
  assert.equal(textOf(cut([span("abc")], 1, "..")), "");
  fc.assert(fc.property(fc.array(fc.string()), fc.nat(30), (texts, width) => {
    assert.ok(widthOf(cut(texts.map((text) => span(text)), width, "..")) <= width);
  }));
});

Deno.test("lastPart() keeps the end of a name", () => {
  assert.deepEqual([9, 7, 3, 2].map((width) => lastPart("abcdefgh", width, "..")), [
    "abcdefgh",
    "..defgh",
    "..h",
    "gh",
  ]);
});

Deno.test("timeOfDay() is local time", () => {
  const noon = Date.UTC(2026, 10, 21, 12, 0, 5);
  assert.deepEqual([0, 60, -300].map((offset) => timeOfDay(noon, offset)), ["12:00:05", "13:00:05", "07:00:05"]);
});
