import type { Figure, Range, Target } from "./line.ts";
import { againstReference, againstTarget } from "./verdict.ts";
import { median } from "./statistics.ts";

/** What became of a figure. */
export interface Result {
  readonly figure: Figure;
  /** One value for each run. */
  readonly ours: readonly number[];
  readonly spike: readonly number[];
}

/** What became of a line. */
export interface LineResult {
  readonly line: string;
  readonly results: readonly Result[];
  /** Why figures are missing. */
  readonly problem?: string;
}

const head = ["figure", "unit", "reference", "target", "ours", "spike", "verdict"];

/** The table that is printed: Markdown, so that it can be put into a document as it is. */
export function formatTable(lines: readonly LineResult[]): string {
  const rows = lines.flatMap(({ line, results, problem }) => [
    ...results.filter(({ ours }) => ours.length > 0).map(rowOf),
    ...problem === undefined ? [] : [[line, "", "", "", "", "", problem]],
  ]);
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => (row[column] ?? "").length)));
  const text = (row: readonly string[]): string =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |\n`;
  return [text(head), `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |\n`, ...rows.map(text)].join("");
}

function rowOf({ figure, ours, spike }: Result): string[] {
  const middle = median(ours);
  const verdicts = [againstReference(figure, middle), againstTarget(figure.target, middle)];
  return [
    figure.what,
    figure.unit,
    figure.reference === undefined ? "-" : formatRange(figure.reference),
    figure.target === undefined ? "-" : formatTarget(figure.target),
    formatRange(rangeOf(ours)),
    spike.length === 0 ? "-" : formatRange(rangeOf(spike)),
    verdicts.filter((verdict) => verdict !== undefined).join(", ") || "-",
  ];
}

/** Median, lowest and highest of some runs. */
export function rangeOf(values: readonly number[]): Range {
  return { median: median(values), lowest: Math.min(...values), highest: Math.max(...values) };
}

function formatRange({ median, lowest = median, highest = median }: Range): string {
  const middle = formatNumber(median);
  const [low, high] = [formatNumber(lowest), formatNumber(highest)];
  return low === middle && high === middle ? middle : `${middle} (${low}-${high})`;
}

function formatTarget(target: Target): string {
  return "most" in target ? `at most ${formatNumber(target.most)}` : `at least ${formatNumber(target.least)}`;
}

/** Three digits that count, and all before the decimal point. */
function formatNumber(value: number): string {
  if (value === 0) return "0";
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return String(Number(value.toFixed(Math.min(digits, 4))));
}
