import type { RingReport, ShardReport } from "../../lib/rings/report/mod.ts";
import type { Glyphs } from "./glyphs.ts";
import { type Line, span, type Style } from "./line.ts";

/**
 * How many objects a whole bar stands for: the first of 10, 20, 50, 100, 200, ... that is enough. So a bar keeps its
 * length while others change.
 */
export function barCapacity(most: number): number {
  for (let power = 10;; power *= 10) {
    for (const factor of [1, 2, 5]) if (most <= factor * power) return factor * power;
  }
}

/**
 * A shard's objects as a bar: those of main resources, of controlled ones, and last those that it was asked to let go
 * of. Each part begins where the exact one does, rounded, so that the whole is never off by more than half a column.
 */
export function bar(shard: ShardReport, report: RingReport, capacity: number, width: number, glyphs: Glyphs): Line {
  const ofRole = (role: string): number =>
    report.resources.reduce((sum, each, i) => sum + (each.role === role ? shard.perResource[i] ?? 0 : 0), 0);
  const draining = Math.min(shard.draining, shard.objects);
  // Main objects drain; of several resources it is not worth telling which.
  const main = Math.max(0, ofRole("main") - draining);
  const parts: readonly (readonly [number, string, Style])[] = [
    [main, glyphs.main, "main"],
    [shard.objects - main - draining, glyphs.controlled, "controlled"],
    [draining, glyphs.draining, "draining"],
  ];
  const line: ReturnType<typeof span>[] = [];
  let [before, drawn] = [0, 0];
  for (const [count, glyph, style] of parts) {
    before += count;
    // Nobody shall look as if it had nothing.
    const end = Math.max(Math.round(before * width / capacity), count > 0 ? drawn + 1 : drawn);
    if (end > drawn) line.push(span(glyph.repeat(Math.min(end, width) - drawn), style));
    drawn = Math.min(end, width);
  }
  return line;
}
