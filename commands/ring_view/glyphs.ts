/** The characters that a view draws with. */
export interface Glyphs {
  readonly main: string;
  readonly controlled: string;
  readonly draining: string;
  /** In front of the state of a shard that is at work, and of one that is not. */
  readonly on: string;
  readonly off: string;
  readonly arrow: string;
  readonly ellipsis: string;
}

const unicode: Glyphs = {
  main: "\u2588",
  controlled: "\u2593",
  draining: "\u2591",
  on: "\u25cf",
  off: "\u25cb",
  arrow: "\u2192",
  ellipsis: "\u2026",
};

const ascii: Glyphs = { main: "#", controlled: "=", draining: "~", on: "*", off: "-", arrow: "->", ellipsis: ".." };

/** Unicode where the locale's character set is UTF-8, by the rules of POSIX: LC_ALL, else LC_CTYPE, else LANG. */
export function glyphsFor(env: (name: string) => string | undefined): Glyphs {
  const locale = [env("LC_ALL"), env("LC_CTYPE"), env("LANG")].find((value) => value !== undefined && value !== "");
  return locale !== undefined && /utf-?8/i.test(locale) ? unicode : ascii;
}
