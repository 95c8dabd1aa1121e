/** A ring as a person sees it in a terminal: pure functions from a report to lines. */
export { printLine, wantsColour } from "./ansi.ts";
export { type Glyphs, glyphsFor } from "./glyphs.ts";
export { type Line, type Span, span, type Style, textOf, widthOf } from "./line.ts";
export { moveLine, type MoveLineOptions, timeOfDay } from "./move_lines.ts";
export { ringScreen, type ScreenEvent, type ScreenOptions, type ScreenState } from "./ring_screen.ts";
export { shardTable, type ShardTableOptions } from "./shard_table.ts";
export { shortNames } from "./short_names.ts";
