import { InvalidArgumentError } from "commander";
import { measured } from "../experiment/scale/measured.ts";
import { firstWall, type Load, loadsOf, shareOf } from "../experiment/scale/model.ts";
import { ordinary, type Workload } from "../experiment/scale/workload.ts";
import { booleanFlag, newCommand, parseCommandLine } from "./common/flags.ts";
import type { CommandParts } from "./common/parts.ts";

/** The flags that are numbers: name, field, least value, and what it says. */
const numbers = [
  ["objects", "objects", 0, "main objects of all rings"],
  ["children", "children", 0, "controlled objects of each main object"],
  ["shards", "shards", 1, "shards of all rings"],
  ["rings", "rings", 1, "ControllerRings"],
  ["namespaces", "namespaces", 0, "namespaces of the cluster"],
  ["nodes", "nodes", 0, "nodes of the cluster"],
  ["replicas", "replicas", 1, "replicas of the sharder"],
  ["creates", "creates", 0, "main objects that are created per second"],
  ["changes", "changesPerHour", 0, "changes of each object in an hour"],
  ["sync-period", "syncPeriod", 1, "seconds between two audits of everything"],
  ["api-server-cores", "apiServerCores", 1, "processor cores of all API servers and etcd"],
] as const satisfies readonly (readonly [string, keyof Workload, number, string])[];

/**
 * Prints what a cluster of some size asks of the sharder, the shards and the API server, by the costs that were measured
 * (docs/scaling.md), and which wall it meets first when it grows.
 * @returns 0, or 2 for a wrong command line.
 */
export function scale(args: readonly string[], parts: CommandParts): Promise<number> {
  let workload: Workload = ordinary;
  const command = newCommand("scale", "Computes what a cluster of some size asks of everything.", parts);
  for (const [flag, field, least, what] of numbers) {
    command.option(`--${flag} <number>`, `${what} (default: ${ordinary[field]})`, (text: string) => {
      workload = { ...workload, [field]: parseNumber(text, least) };
    });
  }
  command.option("--same-resource", "all rings shard the same resource");
  const exitCode = parseCommandLine(command, args);
  if (exitCode !== undefined) return Promise.resolve(exitCode);
  parts.stdout(formatScale({ ...workload, isSameResource: booleanFlag(command, "sameResource") }));
  return Promise.resolve(0);
}

function parseNumber(text: string, least: number): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value) || value < least) {
    throw new InvalidArgumentError(`It has to be a number of at least ${least}.`);
  }
  return value;
}

function formatScale(workload: Workload): string {
  const rows = loadsOf(workload, measured).map((load) => [load.name, amount(load), limitOf(load), percentOf(load)]);
  const lines = [["", "LOAD", "LIMIT", "SHARE"], ...rows].map(([name = "", load = "", limit = "", share = ""]) =>
    `${name.padEnd(54)}${load.padStart(12)}${limit.padStart(12)}${share.padStart(8)}`.trimEnd()
  );
  const wall = firstWall(workload, measured);
  const end = wall === undefined
    ? "More objects never meet a wall."
    : `The first wall, with ${Math.round(workload.objects * wall.factor)} objects that are created and changed as ` +
      `these are: ${wall.load.name}.\nWhat helps: ${wall.load.remedy}.`;
  return `${lines.join("\n")}\n\n${end}\n`;
}

function amount({ value, unit }: Pick<Load, "value" | "unit">): string {
  if (!Number.isFinite(value)) return "never";
  if (unit === "bytes") return `${rounded(value / 1024 ** 2)} MiB`;
  return `${rounded(value)} ${unit === "seconds" ? "s" : unit}`;
}

function limitOf({ limit, unit }: Load): string {
  return limit === undefined ? "" : amount({ value: limit, unit });
}

function percentOf(load: Load): string {
  return load.limit === undefined ? "" : `${Math.round(shareOf(load) * 100)} %`;
}

/** Two digits, as more would promise too much. */
function rounded(value: number): string {
  return value >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(2)));
}
