import assert from "node:assert/strict";
import { seededRandom } from "../../lib/util/random.ts";
import { grows, type Sample, slopeOf } from "./support/slope.ts";

/** One every ten seconds for half an hour. */
function samples(valueAt: (hours: number) => number): Sample[] {
  return Array.from({ length: 180 }, (_, index) => ({ at: index * 10_000, value: valueAt(index / 360) }));
}

Deno.test("slopeOf() finds a line, and is certain of it", () => {
  const slope = slopeOf(samples((hours) => 80 + 12 * hours));
  assert.ok(Math.abs(slope.perHour - 12) < 1e-9, `${slope.perHour}`);
  assert.ok(slope.error < 1e-6, `${slope.error}`);
  assert.ok(grows(slope, 2));
  assert.ok(!grows(slope, 15), "it is too small to matter");
});

Deno.test("slopeOf() does not take noise for growth, and finds growth below noise", () => {
  const { next } = seededRandom(4);
  const noise = (): number => (next() - 0.5) * 10;
  const level = slopeOf(samples(() => 80 + noise()));
  assert.ok(!grows(level, 1), JSON.stringify(level));
  const growing = slopeOf(samples((hours) => 80 + 10 * hours + noise()));
  assert.ok(grows(growing, 1), JSON.stringify(growing));
});

Deno.test("slopeOf() calls a saw-tooth level, although each of its teeth grows for minutes", () => {
  assert.ok(!grows(slopeOf(samples((hours) => 80 + 10 * ((hours * 12) % 1))), 1));
});

Deno.test("slopeOf() claims nothing from a few minutes", () => {
  const slope = slopeOf(samples((hours) => hours).slice(0, 30));
  assert.ok(Number.isNaN(slope.error));
  assert.ok(!grows(slope, 0));
});
