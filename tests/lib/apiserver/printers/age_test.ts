import assert from "node:assert/strict";
import fc from "fast-check";
import { ageOf, ageSince, formatAge } from "../../../../lib/apiserver/printers/age.ts";

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;
const year = 365 * day;

const ages: readonly (readonly [number, string])[] = [
  [0, "0s"],
  [-second, "0s"],
  [-1.9 * second, "0s"],
  [-2 * second, "<invalid>"],
  [119.9 * second, "119s"],
  [2 * minute, "2m"],
  [2 * minute + second, "2m1s"],
  [10 * minute - second, "9m59s"],
  [10 * minute + 5 * second, "10m"],
  [3 * hour - second, "179m"],
  [3 * hour, "3h"],
  [7 * hour + 59 * minute, "7h59m"],
  [8 * hour + 59 * minute, "8h"],
  [48 * hour - second, "47h"],
  [2 * day, "2d"],
  [2 * day + 3 * hour, "2d3h"],
  [8 * day + 3 * hour, "8d"],
  [2 * year - second, "729d"],
  [2 * year, "2y"],
  [6 * year + 326 * day, "6y326d"],
  [8 * year + 100 * day, "8y"],
];

for (const [milliseconds, text] of ages) {
  Deno.test(`formatAge() shows ${milliseconds} ms as ${text}`, () => assert.equal(formatAge(milliseconds), text));
}

Deno.test("formatAge() never takes more than seven characters for a lifetime", () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 99 * year }), (age) => formatAge(age).length <= 7));
});

Deno.test("ageOf() and ageSince() count from an RFC 3339 time and say when there is none", () => {
  assert.equal(ageSince("1970-01-01T00:00:10Z", 15_000), "5s");
  assert.equal(ageSince("", 15_000), "<unknown>");
  assert.equal(ageOf({ metadata: { creationTimestamp: "1970-01-01T00:00:10Z" } }, 70_000), "60s");
  assert.equal(ageOf({ metadata: {} }, 70_000), "<unknown>");
});
