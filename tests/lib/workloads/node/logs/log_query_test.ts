import assert from "node:assert/strict";
import fc from "fast-check";
import { formatEntry, type LogEntry, parseEntries } from "../../../../../lib/workloads/node/logs/log_entry.ts";
import { parseLogQuery, selectEntries } from "../../../../../lib/workloads/node/logs/log_query.ts";
import { splitOutput } from "../../../../../lib/workloads/node/logs/split_output.ts";

const now = Date.parse("2026-01-01T00:01:00Z");
function entry(second: number, text: string, partial = false): LogEntry {
  return { time: `2026-01-01T00:00:${String(second).padStart(2, "0")}.000000Z`, stream: "stdout", partial, text };
}
const entries = [entry(1, "a"), entry(2, "b1", true), entry(2, "b2"), entry(3, "c"), entry(30, "d")];

const selections: readonly (readonly [query: string, expected: string])[] = [
  ["", "a b1 b2 c d"],
  ["tailLines=0", ""],
  ["tailLines=1", "d"],
  ["tailLines=3", "b1 b2 c d"],
  ["tailLines=9", "a b1 b2 c d"],
  ["sinceSeconds=40", "d"],
  ["sinceTime=2026-01-01T00:00:03Z", "c d"],
  ["tailLines=2&sinceSeconds=40", "d"],
  ["sinceSeconds=40&tailLines=1", "d"],
  ["stream=All", "a b1 b2 c d"],
  ["stream=Stdout&tailLines=1", "d"],
  ["stream=Stderr", ""],
];
for (const [query, expected] of selections) {
  Deno.test(`selectEntries() takes "${expected}" for the query "${query}"`, () => {
    const selected = selectEntries(entries, parseLogQuery(new URLSearchParams(query), now));
    assert.equal(selected.map((each) => each.text).join(" "), expected);
  });
}

for (const query of ["tailLines=-1", "tailLines=1.5", "limitBytes=0", "sinceSeconds=0", "sinceTime=noon", "stream=x"]) {
  Deno.test(`parseLogQuery() rejects "${query}" and names the parameter`, () => {
    assert.throws(() => parseLogQuery(new URLSearchParams(query), now), {
      name: "SyntaxError",
      message: new RegExp(`^${query.split("=")[0]} must be`),
    });
  });
}

Deno.test("parseEntries() reads what formatEntry() writes", () => {
  const text = fc.string().filter((each) => !each.includes("\n"));
  fc.assert(fc.property(fc.array(fc.tuple(fc.nat(59), text, fc.boolean())), (some) => {
    const written = some.map(([second, each, partial]) => entry(second, each, partial));
    assert.deepEqual(parseEntries(written.map(formatEntry).join("")), written);
  }));
});

Deno.test("parseEntries() passes over a line that a crash has cut", () => {
  assert.deepEqual(parseEntries(`${formatEntry(entry(1, "a"))}2026-01-01T00`), [entry(1, "a")]);
});

Deno.test("splitOutput() gives the same lines however the bytes come", async () => {
  const output = fc.array(fc.constantFrom("a", "\n", "\u00e4", "bc", "\r\n"), { maxLength: 40 });
  await fc.assert(fc.asyncProperty(output, fc.nat(7), async (parts, size) => {
    const bytes = new TextEncoder().encode(parts.join(""));
    async function* chunks(): AsyncGenerator<Uint8Array> {
      for (let start = 0; start < bytes.length; start += size + 1) yield bytes.subarray(start, start + size + 1);
    }
    const pieces = (await Array.fromAsync(splitOutput(chunks()))).flat();
    const lines = parts.join("").split("\n");
    if (lines.at(-1) === "") lines.pop();
    assert.deepEqual(pieces.map(({ text }) => text), lines.map((line) => line.replace(/\r$/, "")));
  }));
});

Deno.test("splitOutput() cuts an endless line into parts", async () => {
  async function* chunks(): AsyncGenerator<Uint8Array> {
    yield new TextEncoder().encode("x".repeat(40_000));
    yield new TextEncoder().encode("y\n");
  }
  const pieces = (await Array.fromAsync(splitOutput(chunks()))).flat();
  assert.deepEqual(pieces.map(({ text, partial }) => [text.length, partial]), [
    [16_384, true],
    [16_384, true],
    [7_233, false],
  ]);
});
