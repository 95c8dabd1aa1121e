import assert from "node:assert/strict";
import fc from "fast-check";
import { formatDuration, parseDuration } from "../../../lib/util/duration.ts";

Deno.test("parseDuration() reads Go's syntax", () => {
  const table: readonly (readonly [string, number])[] = [
    ["15s", 15_000],
    ["5m", 300_000],
    ["1m30s", 90_000],
    ["1.5h", 5_400_000],
    ["300ms", 300],
    ["2h45m0.5s", 9_900_500],
    ["-10s", -10_000],
    ["+1s", 1_000],
    ["0", 0],
    ["1us", 0.001],
    [".5s", 500],
  ];
  for (const [text, ms] of table) assert.equal(parseDuration(text), ms, text);
});

Deno.test("parseDuration() rejects what Go rejects, and shows the form", () => {
  for (const text of ["", "15", "s", "1d", "1 s", "1s ", "--1s", "1,5s", "0x1s", "."]) {
    assert.throws(() => parseDuration(text), /is not a duration: write a number with a unit/, text);
  }
});

Deno.test("formatDuration() prints as Go does", () => {
  const table: readonly (readonly [number, string])[] = [
    [0, "0s"],
    [15_000, "15s"],
    [90_000, "1m30s"],
    [300_000, "5m0s"],
    [5_400_000, "1h30m0s"],
    [500, "500ms"],
    [1_500, "1.5s"],
    [0.25, "250\u00b5s"],
    [-2_000, "-2s"],
  ];
  for (const [ms, text] of table) assert.equal(formatDuration(ms), text);
});

Deno.test("parseDuration() undoes formatDuration()", () => {
  fc.assert(fc.property(fc.integer({ min: -1e9, max: 1e9 }), (ms) => {
    assert.equal(parseDuration(formatDuration(ms)), ms === 0 ? 0 : ms);
  }));
});
