import type { ObjectMove } from "../../lib/rings/report/mod.ts";
import type { Glyphs } from "./glyphs.ts";
import { type Line, span } from "./line.ts";

/** How moves are told. */
export interface MoveLineOptions {
  /** Names of shards as they are to be shown. */
  readonly names: ReadonlyMap<string, string>;
  readonly glyphs: Glyphs;
  /** Minutes that local time is ahead of UTC. */
  readonly utcOffset: number;
}

/** One move: when, which object, from where to where and why. */
export function moveLine(move: ObjectMove, { names, glyphs, utcOffset }: MoveLineOptions): Line {
  const { object, from, to } = move;
  const name = `${object.resource.resource}/${object.name}`;
  const shard = (full: string): string => names.get(full) ?? full;
  const start: Line = [span(timeOfDay(move.at, utcOffset), "faint"), span(`  ${name.padEnd(28)}  `)];
  const go = ` ${glyphs.arrow} `;
  switch (move.kind) {
    case "assigned":
      return [...start, span(`${go.trimStart()}${shard(to)}`)];
    case "draining":
      return [...start, span(`${shard(from)} is asked to let go`, "warning")];
    case "withdrawn":
      return [...start, span(`${shard(from)} may keep it after all`)];
    case "released":
      return [...start, span(`${shard(from)} let go: no shard`, "warning")];
    case "moved":
      return [
        ...start,
        span(`${shard(from)}${go}${shard(to)}`),
        span(
          move.drained ? "  after its drain label" : object.role === "controlled" ? "  with its owner" : "",
          "faint",
        ),
      ];
    case "deleted":
      return [...start, span("deleted", "faint")];
  }
}

/** As "14:03:07". */
export function timeOfDay(at: number, utcOffset: number): string {
  return new Date(at + utcOffset * 60_000).toISOString().slice(11, 19);
}
