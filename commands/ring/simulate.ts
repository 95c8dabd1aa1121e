import { formatGroupResource } from "../../lib/k8s/api/resource.ts";
import { HashRing } from "../../lib/sharding/hash_ring.ts";
import { isShardName } from "../../lib/sharding/names.ts";
import { closestName } from "../../lib/util/closest_name.ts";
import type { RingCommandContext } from "./context.ts";
import { findRing } from "./find_ring.ts";
import { counted, formatData, formatTable, isData, percent } from "./output.ts";
import { objectsOf, readRing, sharded } from "./read_ring.ts";
import { RingCommandError } from "./ring_error.ts";

/** How the shards shall change. */
export interface ShardChanges {
  /** Names, or numbers of shards whose names nobody knows yet. */
  readonly add: readonly string[];
  readonly remove: readonly string[];
  /** As `OLD=NEW`. */
  readonly rename: readonly string[];
}

/** What would move, as programs read it. */
export interface SimulationData {
  readonly ring: string;
  readonly before: readonly string[];
  readonly after: readonly string[];
  /** Objects that belong to a shard. */
  readonly objects: number;
  /** Those of them that would belong to another. */
  readonly moved: number;
  /** Those that are not on the shard to which they belong already now. */
  readonly underway: number;
  readonly moves: readonly { readonly from: string; readonly to: string; readonly objects: number }[];
  readonly resources: readonly { readonly resource: string; readonly objects: number; readonly moved: number }[];
  readonly shards: readonly { readonly name: string; readonly before: number; readonly after: number }[];
  /** Shards whose names were made up. */
  readonly invented: readonly string[];
}

/** Computes what a change of the shards would move. Nothing is written. */
export async function simulate(context: RingCommandContext, name: string, changes: ShardChanges): Promise<number> {
  const { output, parts, signal } = context;
  const reading = await readRing(context, await findRing(context, name));
  const before = reading.view.assignable;
  const { after, invented } = applyChanges(before.shards, changes);
  const ring = new HashRing(after);
  const moves = new Map<string, number>();
  const counts = new Map<string, { before: number; after: number }>();
  const resources = new Map<string, { objects: number; moved: number }>();
  let underway = 0;
  for (const shard of [...before.shards, ...after]) counts.set(shard, { before: 0, after: 0 });
  for (const { groupResource } of reading.targets) {
    resources.set(formatGroupResource(groupResource), { objects: 0, moved: 0 });
  }
  for await (const { target, items } of objectsOf(reading, signal)) {
    const sums = resources.get(formatGroupResource(target.groupResource));
    for (const item of items) {
      const { key, shard } = sharded(reading, target, item);
      if (key === undefined || sums === undefined) continue; // It belongs to no shard.
      const [from, to] = [before.ownerOf(key) ?? "", ring.ownerOf(key) ?? ""];
      sums.objects++;
      const [left, got] = [counts.get(from), counts.get(to)];
      if (left !== undefined) left.before++;
      if (got !== undefined) got.after++;
      if (shard !== from) underway++;
      if (from === to) continue;
      sums.moved++;
      // Neither can be part of a shard's name.
      const way = `${from} ${to}`;
      moves.set(way, (moves.get(way) ?? 0) + 1);
    }
  }
  const all = [...resources.values()];
  const data: SimulationData = {
    ring: name,
    before: before.shards,
    after: ring.shards,
    objects: all.reduce((sum, { objects }) => sum + objects, 0),
    moved: all.reduce((sum, { moved }) => sum + moved, 0),
    underway,
    moves: [...moves].sort(([a], [b]) => a < b ? -1 : 1).map(([way, objects]) => {
      const [from = "", to = ""] = way.split(" ");
      return { from, to, objects };
    }),
    resources: [...resources].map(([resource, sums]) => ({ resource, ...sums })),
    shards: [...counts].sort(([a], [b]) => a < b ? -1 : 1).map(([name, sums]) => ({ name, ...sums })),
    invented,
  };
  parts.stdout(isData(output) ? formatData(data, output) : describe(data));
  for (const problem of reading.problems) parts.stderr(`warning: ${problem}\n`);
  return reading.problems.length === 0 ? 0 : 1;
}

/** The names of the shards after the changes. */
export function applyChanges(
  before: readonly string[],
  { add, remove, rename }: ShardChanges,
): { readonly after: readonly string[]; readonly invented: readonly string[] } {
  if (add.length + remove.length + rename.length === 0) {
    throw usage("say what shall change: --add N, --add NAME, --remove NAME or --rename OLD=NEW");
  }
  const names = new Set(before);
  const take = (name: string): void => {
    if (names.delete(name)) return;
    const meant = closestName(name, before);
    const hint = meant === undefined ? `there are: ${before.join(", ") || "none"}` : `did you mean "${meant}"?`;
    throw usage(`no shard that gets objects is called "${name}"; ${hint}`);
  };
  const put = (name: string): void => {
    if (!isShardName(name)) throw usage(`"${name}" cannot be the name of a shard: it must be a label value`);
    if (names.has(name)) throw usage(`there is a shard "${name}" already`);
    names.add(name);
  };
  for (const name of remove) take(name);
  for (const pair of rename) {
    const [old = "", fresh = "", ...others] = pair.split("=");
    if (old === "" || fresh === "" || others.length > 0) throw usage(`--rename must be OLD=NEW, but is "${pair}"`);
    take(old);
    put(fresh);
  }
  const invented: string[] = [];
  for (const text of add) {
    if (!/^\d+$/.test(text)) {
      put(text);
      continue;
    }
    let left = Number(text);
    for (let number = 1; left > 0; number++) {
      if (invented.length >= mostInvented) throw usage(`--add ${text} is more than ${mostInvented} shards`);
      const name = `new-shard-${number}`;
      if (names.has(name)) continue;
      put(name);
      invented.push(name);
      left--;
    }
  }
  return { after: [...names].sort(), invented };
}

/** A ring of more shards says nothing about a cluster. */
const mostInvented = 10_000;

function usage(message: string): RingCommandError {
  return new RingCommandError(message, { exitCode: 2 });
}

function describe(data: SimulationData): string {
  const { before, after, moved, objects, underway, invented } = data;
  const parts = data.resources.map(({ resource, objects, moved }) => `${moved} of ${objects} ${resource}`).join(", ");
  const rows = data.shards.map(({ name, before: now, after: then }) => [
    name,
    before.includes(name) ? now : "-",
    after.includes(name) ? then : "-",
  ]);
  const moves = data.moves.map(({ from, to, objects }) => [from || "none", to || "none", objects]);
  return [
    `Ring ${data.ring}, from ${counted(before.length, "shard")} to ${after.length}:\n`,
    `${moved} of ${counted(objects, "object")} would move (${percent(moved, objects)}): ${parts}.\n`,
    ...moves.length === 0 ? [] : [`\n${formatTable(["FROM", "TO", "OBJECTS"], moves)}`],
    `\n${formatTable(["SHARD", "NOW", "THEN"], rows)}`,
    ...underway === 0 ? [] : [`\n${counted(underway, "object")} will move in any case.\n`],
    ...invented.length === 0 ? [] : [
      "\nThe names of new shards decide which objects they get; these were made up, so take the figures as rough.\n",
    ],
  ].join("");
}
