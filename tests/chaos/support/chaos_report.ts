import type { Breach } from "./judge.ts";
import type { KindFigures } from "./record.ts";

/** What came of a chaos. */
export interface ChaosReport {
  readonly seed: number;
  readonly minutes: number;
  readonly events: number;
  /** Secrets that were there in the end. */
  readonly objects: number;
  /** Requests of users. */
  readonly requests: number;
  /** Writes of shards. */
  readonly writes: number;
  /** Writes that were answered after the next owner's first one, as they were sent before their shard had to stop. */
  readonly landedLate: { readonly count: number; readonly longest: number };
  /** For how long the machine kept this process waiting at most, and in all; milliseconds. */
  readonly starvation: { readonly longest: number; readonly total: number };
  readonly violations: readonly Breach[];
  readonly kinds: Readonly<Record<string, Readonly<KindFigures>>>;
}

/** The report as a table for people. */
export function chaosTable(report: ChaosReport): string {
  const { seed, minutes, events, objects, requests, writes, landedLate, starvation, violations, kinds } = report;
  const seconds = (milliseconds: number): string => (milliseconds / 1_000).toFixed(2).padStart(9);
  const rows = Object.entries(kinds).toSorted(([a], [b]) => a.localeCompare(b)).map(([kind, figures]) =>
    [
      kind.padEnd(64),
      String(figures.count).padStart(5),
      seconds(figures.lonely),
      seconds(figures.apart),
      seconds(figures.settled),
      seconds(figures.create),
    ].join(" ")
  );
  return [
    "",
    `${"the longest of each kind, in seconds".padEnd(64)} count  no owner     apart   settled    create`,
    ...rows,
    "",
    `seed ${seed}: ${minutes.toFixed(1)} minutes, ${events} events, ${objects} objects in the end, ` +
    `${requests} requests of users, ${writes} writes of shards, ${landedLate.count} of them landed late ` +
    `(${Math.round(landedLate.longest)} ms)`,
    `the machine kept this process waiting ${seconds(starvation.longest).trim()} s at most, ` +
    `${seconds(starvation.total).trim()} s in all`,
    `${violations.length} violations`,
    ...violations.map(({ guarantee, at, object, message }) =>
      `  ${guarantee} at ${(at / 1_000).toFixed(3)} s: ${object}: ${message}`
    ),
  ].join("\n");
}
