import type { Line, Style } from "./line.ts";

/** Select Graphic Rendition (ECMA-48): the 16 colours, which every terminal theme keeps readable. */
const codes: Readonly<Record<Style, string>> = {
  plain: "",
  strong: "1",
  faint: "2",
  good: "32",
  warning: "33",
  bad: "31",
  main: "36",
  controlled: "34",
  draining: "33",
};

/** The line for a terminal. @param colour false: without any control sequence. */
export function printLine(line: Line, colour: boolean): string {
  const text = line.map(({ text, style }) => {
    const code = codes[style];
    return colour && code !== "" ? `\x1b[${code}m${text}\x1b[0m` : text;
  });
  return text.join("").replace(/ +$/, "");
}

/**
 * May this output have colours? NO_COLOR set to anything forbids them (no-color.org); so does a dumb terminal, and
 * output that is none.
 */
export function wantsColour(env: (name: string) => string | undefined, isTerminal: boolean): boolean {
  return isTerminal && !env("NO_COLOR") && env("TERM") !== "dumb";
}
