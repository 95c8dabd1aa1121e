import { leaseTroubles, type ObjectMove, type RingReport } from "../../lib/rings/report/mod.ts";
import type { Glyphs } from "./glyphs.ts";
import { cut, type Line, pad, type Span, span, type Style, widthOf } from "./line.ts";
import { moveLine, timeOfDay } from "./move_lines.ts";
import { shardTable } from "./shard_table.ts";
import { shortNames } from "./short_names.ts";

/** An event about the ring or its shards. */
export interface ScreenEvent {
  /** In milliseconds since the Unix epoch. */
  readonly at: number;
  readonly type: "Normal" | "Warning";
  readonly reason: string;
  readonly note: string;
}

/** What a screen shows. */
export interface ScreenState {
  readonly report: RingReport;
  /** See `ShardTableOptions`. */
  readonly silences: ReadonlyMap<string, number>;
  /** Oldest first. */
  readonly moves: readonly ObjectMove[];
  /** Oldest first. */
  readonly events: readonly ScreenEvent[];
  /** Commands to go on with, the most useful first. */
  readonly hints: readonly string[];
  /** The last line. */
  readonly footer: string;
}

/** How a screen is drawn. */
export interface ScreenOptions {
  /** Columns and rows. */
  readonly width: number;
  readonly height: number;
  readonly glyphs: Glyphs;
  /** Minutes that local time is ahead of UTC. */
  readonly utcOffset: number;
}

/** A heading and its lines. */
interface Section {
  readonly heading: string;
  readonly lines: readonly Line[];
  /** Which lines are shown when there is no room for all. */
  readonly keep: "first" | "last";
  /** More lines than these are not shown. */
  readonly most: number;
  /** Sections with a lower number get their lines first. */
  readonly rank: number;
}

const blank: Line = [];

/**
 * A ring on a screen: its shards, what is on the move, what happened lately, and what to do next. Pure: the same state
 * gives the same lines. There are never more than `height` lines, and none is wider than `width`; what there is no room
 * for is left out, the least important first.
 */
export function ringScreen(state: ScreenState, options: ScreenOptions): Line[] {
  const { width, height, glyphs } = options;
  const { report } = state;
  const head = [titleLine(report, options), blank];
  const totals = [blank, totalsLine(report)];
  const tableHeight = Math.max(3, height - head.length - totals.length);
  const table = shardTable(report, { ...options, height: tableHeight, silences: state.silences });
  const top = [...head, ...table, ...totals];
  const foot = [[span(state.footer, "faint")]];
  const rest = arrange(sections(state, options), height - top.length - foot.length - 1);
  const lines = top.length + 1 < height ? [...top, ...rest.flat(), blank, ...foot] : top;
  return lines.slice(0, Math.max(0, height)).map((line) => cut(line, width, glyphs.ellipsis));
}

/** The sections that fit into so many rows, in their order, each with a blank line before it. */
function arrange(candidates: readonly Section[], rows: number): Line[][] {
  const shown = new Map<Section, Line[]>();
  let left = rows;
  for (const section of candidates.toSorted((a, b) => a.rank - b.rank)) {
    const { heading, lines, most, keep } = section;
    const room = Math.min(left - 2, most);
    if (room < 1 || lines.length === 0) continue;
    const some = keep === "first" ? lines.slice(0, room) : lines.slice(-room);
    shown.set(section, [blank, [span(heading, "faint")], ...some]);
    left -= some.length + 2;
  }
  return candidates.flatMap((section) => {
    const lines = shown.get(section);
    return lines === undefined ? [] : [lines];
  });
}

function sections(state: ScreenState, options: ScreenOptions): Section[] {
  const { report, moves, events, hints } = state;
  const { utcOffset, glyphs } = options;
  const names = shortNames([
    ...report.shards.map(({ name }) => name),
    ...moves.flatMap(({ from, to }) => [from, to]),
  ]);
  const problems = report.conditions
    .filter(({ type, status }) => type === "Ready" ? status !== "True" : status === "True")
    .flatMap(({ type, message }) => wrapWords(`${type}: ${message}`, options.width))
    .map((text): Line => [span(text, "bad")]);
  const leases = leaseTroubles(report).map((text): Line => [span(text, "bad")]);
  const hintLines = hints.flatMap((hint) => wrap(hint, options.width)).map((hint): Line => [span(hint)]);
  const moveLines = moves.map((move) => moveLine(move, { names, glyphs, utcOffset }));
  const eventLines = events.map((event) => eventLine(event, utcOffset));
  const trouble = [...problems, ...leases];
  const spare = options.height - 12 - report.shards.length - hintLines.length - trouble.length;
  const eventRows = Math.min(eventLines.length, Math.max(1, Math.min(5, Math.floor(spare / 3))));
  return [
    { heading: "TROUBLE", lines: trouble, most: mostTrouble(options), rank: 0, keep: "first" },
    // What the events shall have is left to them.
    {
      heading: "MOVES",
      lines: moveLines,
      most: Math.max(3, spare - (eventRows > 0 ? eventRows + 2 : 0)),
      rank: 2,
      keep: "last",
    },
    { heading: "EVENTS", lines: eventLines, most: eventRows, rank: 3, keep: "last" },
    { heading: "TRY IN ANOTHER TERMINAL", lines: hintLines, most: hintLines.length, rank: 1, keep: "first" },
  ];
}

function titleLine(report: RingReport, { width, glyphs }: ScreenOptions): Line {
  const left: Line = [span("ring ", "faint"), span(report.ring, "strong")];
  const [text, style] = readiness(report);
  const right: Line = [
    span(`${report.ready === "True" ? glyphs.on : glyphs.off} ${text}`, style),
    span(`   ${report.available} of ${report.total} shards available`),
  ];
  const space = width - widthOf(left) - widthOf(right);
  return space >= 2 ? [...pad(left, widthOf(left) + space), ...right] : [...left, span("  "), ...right];
}

function readiness({ ready }: RingReport): [string, Style] {
  switch (ready) {
    case "True":
      return ["Ready", "good"];
    case "False":
      return ["not Ready", "bad"];
    case "Unknown":
      return ["not looked at yet", "warning"];
  }
}

function totalsLine(report: RingReport): Line {
  const kinds = report.resources.map(({ name, objects }) => `${objects} ${name}`).join(", ");
  const number = (count: number, what: string, style: Style): Span[] => [
    span("   "),
    span(`${count} ${what}`, count > 0 ? style : "faint"),
  ];
  return [
    span(kinds),
    ...number(report.draining, "draining", "warning"),
    ...number(report.withoutOwner, "without owner", "bad"),
  ];
}

/** A command in pieces that fit, as a terminal would break it: none of it may be missing. */
/** What is wrong is told whole where there is room for it. */
function mostTrouble({ height }: ScreenOptions): number {
  return height === Infinity ? Infinity : Math.max(5, Math.floor(height / 4));
}

/** Breaks at spaces; a word that is longer than a line is left for the terminal to break. */
function wrapWords(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const longer = `${lines.at(-1) ?? ""} ${word}`;
    if (lines.length === 0 || longer.length > width) lines.push(word);
    else lines[lines.length - 1] = longer;
  }
  return lines;
}

function wrap(text: string, width: number): readonly string[] {
  const pieces: string[] = [];
  for (let start = 0; start < text.length; start += width) pieces.push(text.slice(start, start + width));
  return pieces;
}

function eventLine({ at, type, reason, note }: ScreenEvent, utcOffset: number): Line {
  return [
    span(timeOfDay(at, utcOffset), "faint"),
    span(`  ${reason}`, type === "Warning" ? "warning" : "plain"),
    span(`  ${note}`, "faint"),
  ];
}
