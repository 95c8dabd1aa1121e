import type { Figure, Target } from "./line.ts";

/** Medians that differ by less are alike: between runs on one machine they differ by about as much. */
const alike = 0.1;

/** How a median compares with the reference's; undefined where there is nothing to compare. */
export function againstReference(figure: Figure, median: number): "ahead" | "level" | "behind" | undefined {
  const { reference, better } = figure;
  if (reference === undefined || better === undefined || Number.isNaN(median)) return undefined;
  if (Math.abs(median - reference.median) <= alike * reference.median) return "level";
  return (median < reference.median) === (better === "less") ? "ahead" : "behind";
}

/** Whether a median reaches its target; undefined where there is none. */
export function againstTarget(target: Target | undefined, median: number): "met" | "missed" | undefined {
  if (target === undefined || Number.isNaN(median)) return undefined;
  return ("most" in target ? median <= target.most : median >= target.least) ? "met" : "missed";
}
