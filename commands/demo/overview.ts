import { printLine, shardTable, textOf } from "../ring_view/mod.ts";
import type { Glyphs } from "../ring_view/mod.ts";
import { place, type World } from "./story/world.ts";

/** How an overview looks. */
export interface OverviewOptions {
  readonly width: number;
  readonly glyphs: Glyphs;
  readonly colour: boolean;
}

/** The shards and what they have, as indented lines. */
export function overview(world: World, { width, glyphs, colour }: OverviewOptions): string {
  const { report } = world.watch;
  if (report === undefined) return "";
  const lines = shardTable(report, { width: width - 2, height: Infinity, glyphs, silences: new Map() });
  return lines.filter((line) => textOf(line) !== "").map((line) => `  ${printLine(line, colour)}\n`).join("");
}

/** Commands for a person to go on with, as of now. */
export function commandsToTry(world: World): readonly string[] {
  const { deployment } = place;
  const shards = world.readyShards;
  return [
    "kubectl create secret generic hello --from-literal text=world",
    `kubectl scale deployment ${deployment} --replicas ${shards.length > 3 ? 2 : shards.length + 1}`,
    `kubectl delete pod --force --grace-period=0 ${shards[0] ?? ""}`.trimEnd(),
    `kubectl rollout restart deployment ${deployment}`,
    "kubectl get secret --show-labels -w --output-watch-events --watch-only",
  ];
}
