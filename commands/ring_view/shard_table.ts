import type { RingReport, ShardReport } from "../../lib/rings/report/mod.ts";
import { bar, barCapacity } from "./bar.ts";
import type { Glyphs } from "./glyphs.ts";
import { cut, lastPart, type Line, pad, type Span, span, type Style, widthOf } from "./line.ts";

/** How a table of shards is drawn. */
export interface ShardTableOptions {
  readonly width: number;
  /** Most rows, the heading among them. */
  readonly height: number;
  readonly glyphs: Glyphs;
  /** Of shards that have not renewed their Lease lately: milliseconds since the last renewal. */
  readonly silences: ReadonlyMap<string, number>;
}

/** Shorter ones say nothing. */
const shortestBar = 8;
const longestBar = 60;
const gap: Span = { text: "  ", style: "plain" };

/** One row for each shard: name, state, objects as a bar and as a number. */
export function shardTable(report: RingReport, options: ShardTableOptions): Line[] {
  const { width, height, glyphs, silences } = options;
  const { shards } = report;
  const shown = shards.length < height ? shards : shards.slice(0, Math.max(0, height - 2));
  const states = shown.map((shard) => stateOf(shard, glyphs, silences.get(shard.name)));
  const counts = shown.map(({ objects }) => [span(String(objects))]);
  const stateWidth = Math.max(widest(states), "STATE".length);
  const countWidth = Math.max(widest(counts), "OBJECTS".length);
  const fixed = stateWidth + countWidth + 3 * gap.text.length;
  const longest = Math.max(...shown.map(({ name }) => name.length), "SHARD".length);
  const nameWidth = Math.max(Math.min(longest, width - fixed - shortestBar), Math.min(longest, 6));
  const barWidth = Math.min(width - fixed - nameWidth, longestBar);
  const hasBar = barWidth >= shortestBar;
  const capacity = barCapacity(Math.max(0, ...shown.map(({ objects }) => objects)));
  const row = (name: Line, state: Line, picture: Line, count: Line): Line => [
    ...pad(name, nameWidth),
    gap,
    ...pad(state, stateWidth),
    gap,
    ...alignRight(count, countWidth),
    ...(hasBar ? [gap, ...picture] : []),
  ];
  const heading = row([faint("SHARD")], [faint("STATE")], legend(report, glyphs, barWidth), [faint("OBJECTS")]);
  const rows = shown.map((shard, i) =>
    row(
      [span(lastPart(shard.name, nameWidth, glyphs.ellipsis), shard.available ? "plain" : "faint")],
      states[i] ?? [],
      hasBar ? bar(shard, report, capacity, barWidth, glyphs) : [],
      counts[i] ?? [],
    )
  );
  const hidden = shards.length - shown.length;
  const more = hidden > 0 ? [[faint(`and ${hidden} more shards`)]] : [];
  return [heading, ...rows, ...more].slice(0, Math.max(0, height)).map((line) => cut(line, width, glyphs.ellipsis));
}

/** What the parts of the bars are. */
function legend({ resources }: RingReport, glyphs: Glyphs, width: number): Line {
  const names = (role: string): string =>
    resources.filter((each) => each.role === role).map(({ name }) => name).join(", ");
  const parts: readonly (readonly [string, string, Style])[] = [
    [glyphs.main, names("main"), "main"],
    [glyphs.controlled, names("controlled"), "controlled"],
    [glyphs.draining, "draining", "draining"],
  ];
  const line = parts.filter(([, name]) => name !== "").flatMap(([glyph, name, style], i) => [
    ...(i > 0 ? [gap] : []),
    span(glyph, style),
    faint(` ${name}`),
  ]);
  return widthOf(line) <= width ? line : [];
}

function stateOf({ state, available }: ShardReport, glyphs: Glyphs, silence: number | undefined): Line {
  const text = `${available ? glyphs.on : glyphs.off} ${state}`;
  const late = silence === undefined || !available ? "" : `, silent ${Math.floor(silence / 1_000)} s`;
  return [span(text, styleOf(state)), ...(late === "" ? [] : [span(late, "warning")])];
}

function styleOf(state: ShardReport["state"]): Style {
  switch (state) {
    case "ready":
      return "good";
    case "expired":
    case "uncertain":
      return "warning";
    case "dead":
    case "no Lease":
      return "bad";
    case "orphaned":
      return "faint";
  }
}

function widest(cells: readonly Line[]): number {
  return Math.max(0, ...cells.map(widthOf));
}

function alignRight(line: Line, width: number): Line {
  return [span(" ".repeat(Math.max(0, width - widthOf(line)))), ...line];
}

function faint(text: string): Span {
  return span(text, "faint");
}
