/** What a piece of text means; how that looks is the printer's business. */
export type Style =
  | "plain"
  | "strong"
  | "faint"
  | "good"
  | "warning"
  | "bad"
  /** Objects of main resources, of controlled ones, and those that are asked to move. */
  | "main"
  | "controlled"
  | "draining";

/** A piece of a line in one style. */
export interface Span {
  readonly text: string;
  readonly style: Style;
}

/** A line of the screen. */
export type Line = readonly Span[];

/** A piece of text, with nothing in it that could move a terminal's cursor: names and messages come from others. */
export function span(text: string, style: Style = "plain"): Span {
  return { text: printable(text), style };
}

/** How many columns a line takes. */
export function widthOf(line: Line): number {
  return line.reduce((width, { text }) => width + [...text].length, 0);
}

/** The text of a line. */
export function textOf(line: Line): string {
  return line.map(({ text }) => text).join("");
}

/** The line in at most so many columns; `ellipsis` stands at the end of one that was cut. */
export function cut(line: Line, width: number, ellipsis: string): Line {
  if (widthOf(line) <= width) return line;
  const room = Math.max(0, width - ellipsis.length);
  const kept: Span[] = [];
  let used = 0;
  for (const { text, style } of line) {
    const part = [...text].slice(0, room - used).join("");
    used += [...part].length;
    if (part !== "") kept.push({ text: part, style });
    if (used === room) break;
  }
  return width < ellipsis.length ? kept : [...kept, { text: ellipsis, style: "faint" }];
}

/** The line with blanks up to so many columns. */
export function pad(line: Line, width: number): Line {
  const missing = width - widthOf(line);
  return missing > 0 ? [...line, { text: " ".repeat(missing), style: "plain" }] : line;
}

/** The end of a text, which is what tells the names of pods apart. */
export function lastPart(text: string, width: number, ellipsis: string): string {
  if (text.length <= width) return text;
  return width <= ellipsis.length ? text.slice(text.length - width) : ellipsis + text.slice(ellipsis.length - width);
}

/** Control characters and those of unknown width would tear the picture apart. */
function printable(text: string): string {
  return text.replaceAll(/[\t\r\n]+/g, " ").replaceAll(
    /[^\x20-\x7e\xa1-\xac\xae-\u024f\u2010-\u2026\u2190-\u25ff]/gu,
    "?",
  );
}
