import assert from "node:assert/strict";
import { formatTable } from "./table.ts";

const figure = {
  id: "a/cpu",
  what: "CPU",
  unit: "ms",
  better: "less",
  reference: { median: 185, lowest: 184, highest: 205 },
  target: { most: 65 },
} as const;

Deno.test("formatTable() has median and extremes, both verdicts and the spike", () => {
  const table = formatTable([{ line: "a", results: [{ figure, ours: [61.26, 59, 70.44], spike: [42] }] }]);
  assert.equal(
    table.replaceAll(/ +/g, " "),
    [
      "| figure | unit | reference | target | ours | spike | verdict |\n",
      "| ------ | ---- | ------------- | ---------- | -------------- | ----- | ---------- |\n",
      "| CPU | ms | 185 (184-205) | at most 65 | 61.3 (59-70.4) | 42 | ahead, met |\n",
    ].join(""),
  );
});

Deno.test("formatTable() says why a line is missing, after what it has", () => {
  const results = [{ figure: { id: "a/n", what: "n", unit: "" }, ours: [2], spike: [] }];
  const rows = formatTable([{ line: "a", results, problem: "not measured: install h2load" }]).trimEnd().split("\n");
  assert.match(rows[2] ?? "", /^\| n +\| +\| - +\| - +\| 2 +\| - +\| - +\|$/);
  assert.match(rows[3] ?? "", /^\| a +\|.*\| not measured: install h2load \|$/);
});

Deno.test("formatTable() leaves out what was not measured", () => {
  const table = formatTable([{ line: "a", results: [{ figure, ours: [], spike: [] }] }]);
  assert.equal(table.trimEnd().split("\n").length, 2);
});

Deno.test("formatTable() keeps three digits of small and large numbers", () => {
  const value = (number: number): string => {
    const results = [{ figure: { id: "a/n", what: "n", unit: "" }, ours: [number], spike: [] }];
    return formatTable([{ line: "a", results }]).trimEnd().split("\n")[2]?.split("|")[5]?.trim() ?? "";
  };
  const expected = { 0: "0", 0.01234: "0.0123", 0.9: "0.9", 12.345: "12.3", 1234.5: "1235", 28_600: "28600" };
  for (const [number, text] of Object.entries(expected)) assert.equal(value(Number(number)), text);
});
