import assert from "node:assert/strict";
import type { JSONValue } from "../../../lib/k8s/contract.ts";
import { isJsonObject } from "../../../lib/k8s/errors.ts";

/** One line of a shard's report. */
export interface LogEntry {
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
  readonly shard: string;
  readonly event: string;
  /** Name of the Secret that it is about; "" for none. */
  readonly object: string;
}

/** A write of a shard for an object, from before it was sent until it was answered; milliseconds since the epoch. */
export interface Work {
  readonly shard: string;
  readonly object: string;
  readonly begin: number;
  /** The same as `begin` when the shard did not live to see the answer. */
  readonly end: number;
}

/** A shard of an object that a watch showed. */
export interface OwnerSight {
  /** "" while it has none. */
  readonly shard: string;
  /** When it was seen, which is later than it was so. Milliseconds since the epoch. */
  readonly at: number;
}

/** Reads what a shard printed; other lines are left out. */
export function readLog(lines: readonly string[]): LogEntry[] {
  return lines.filter((line) => line.startsWith('{"at":')).map((line) => {
    const entry: JSONValue = JSON.parse(line);
    assert.ok(isJsonObject(entry));
    const { at, shard, event, object = "" } = entry;
    assert.ok(typeof at === "number" && typeof shard === "string");
    assert.ok(typeof event === "string" && typeof object === "string");
    return { at: at / 1_000, shard, event, object };
  });
}

/** The writes in the report of one process. */
export function worksOf(entries: readonly LogEntry[]): Work[] {
  const works: Work[] = [];
  const open = new Map<string, number>();
  for (const { at, shard, event, object } of entries) {
    if (event === "begin") open.set(object, works.push({ shard, object, begin: at, end: at }) - 1);
    const index = event === "end" ? open.get(object) : undefined;
    const work = index === undefined ? undefined : works[index];
    if (index !== undefined && work !== undefined) works[index] = { ...work, end: at };
  }
  return works;
}

/**
 * What speaks against guarantee G1, one sentence each: two shards worked on an object at the same time, or one did so
 * after everybody could see that the object is another's, or in an order that was not that of its owners.
 *
 * @param works of all shards
 * @param owners of each object, oldest first
 */
export function twoOwners(works: readonly Work[], owners: ReadonlyMap<string, readonly OwnerSight[]>): string[] {
  const byObject = Map.groupBy(works, ({ object }) => object);
  return [...byObject].flatMap(([object, own]) => {
    const sorted = own.toSorted((a, b) => a.begin - b.begin);
    const sights = owners.get(object) ?? [];
    return [...overlaps(sorted), ...strangers(sorted, sights), ...disorder(object, sorted, sights)];
  });
}

function overlaps(sorted: readonly Work[]): string[] {
  const problems: string[] = [];
  let last: Work | undefined;
  for (const work of sorted) {
    if (last !== undefined && last.shard !== work.shard && work.begin < last.end) {
      problems.push(`${work.shard} worked on ${work.object} at ${work.begin}, and ${last.shard} until ${last.end}`);
    }
    if (last === undefined || work.end >= last.end) last = work;
  }
  return problems;
}

/** A watch shows things late and never early: whoever lost an object before this was seen must not write for it. */
function strangers(sorted: readonly Work[], sights: readonly OwnerSight[]): string[] {
  return sorted.flatMap(({ shard, object, begin }) => {
    const present = sights.findLastIndex(({ at }) => at <= begin);
    const later = sights.slice(Math.max(0, present));
    if (later.some((sight) => sight.shard === shard)) return [];
    return [`${shard} worked on ${object} at ${begin}, when it was ${sights[present]?.shard || "nobody"}'s`];
  });
}

function disorder(object: string, sorted: readonly Work[], sights: readonly OwnerSight[]): string[] {
  let position = 0;
  for (const { shard, begin } of sorted) {
    const next = sights.findIndex((sight, index) => index >= position && sight.shard === shard);
    if (next < 0) {
      const order = sights.map((sight) => sight.shard || "nobody").join(", ");
      return [`${shard} worked on ${object} at ${begin} out of order: its owners were ${order}`];
    }
    position = next;
  }
  return [];
}
