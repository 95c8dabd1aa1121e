import { glyphsFor, printLine, shardTable } from "../ring_view/mod.ts";
import { type RingCommandContext, widthFor } from "./context.ts";
import { findRing } from "./find_ring.ts";
import { formatData, formatTable, isData, percent } from "./output.ts";
import { readRing } from "./read_ring.ts";
import { countObjects, ringData } from "./ring_data.ts";

/** How the objects are spread, as programs read it. */
export interface DistributionData {
  readonly ring: string;
  /** Sorted by name; those without objects that get none are left out. */
  readonly shards: readonly {
    readonly name: string;
    readonly objects: number;
    /** Of all objects that have a shard, 0 to 1. */
    readonly share: number;
    /** What consistent hashing would give it of very many objects, 0 to 1; 0 for a shard that gets none. */
    readonly expectedShare: number;
  }[];
  /** Objects of the fullest shard that gets objects, as a multiple of the mean; 1 is perfectly even, 0 without objects. */
  readonly skew: number;
  /** The same by the hash ring alone. */
  readonly expectedSkew: number;
  readonly withoutOwner: number;
}

/** Shows how evenly the objects are spread, and how evenly they could be. */
export async function distribution(context: RingCommandContext, name: string): Promise<number> {
  const { output, parts, signal, terminal } = context;
  const reading = await readRing(context, await findRing(context, name));
  const report = await countObjects(reading, signal);
  const shares = reading.view.assignable.shares();
  const total = report.shards.reduce((sum, { objects }) => sum + objects, 0);
  const data: DistributionData = {
    ring: report.ring,
    shards: report.shards.filter(({ name, objects }) => objects > 0 || shares.has(name)).map(({ name, objects }) => ({
      name,
      objects,
      share: total === 0 ? 0 : objects / total,
      expectedShare: shares.get(name) ?? 0,
    })),
    skew: skewOf(report.shards.filter(({ name }) => shares.has(name)).map(({ objects }) => objects)),
    expectedSkew: skewOf([...shares.values()]),
    withoutOwner: report.withoutOwner,
  };
  const { healthy } = ringData(reading, report);
  if (isData(output)) parts.stdout(formatData(data, output));
  else {
    const lines = shardTable(report, {
      width: widthFor(context),
      height: Infinity,
      glyphs: terminal?.glyphs ?? glyphsFor(parts.env),
      silences: new Map(),
    });
    const rows = data.shards.map(({ name, objects, share, expectedShare }) => [
      name,
      objects,
      percent(share, 1),
      percent(expectedShare, 1),
    ]);
    const table = formatTable(["SHARD", "OBJECTS", "SHARE", "EXPECTED"], rows);
    parts.stdout(`${lines.map((line) => printLine(line, terminal?.colour ?? false)).join("\n")}\n\n${table}\n`);
    parts.stdout(
      `The fullest shard has ${data.skew.toFixed(2)} times the mean; ` +
        `of very many objects it would be ${data.expectedSkew.toFixed(2)} times.\n`,
    );
    if (data.withoutOwner > 0) parts.stdout(`Objects without a live shard: ${data.withoutOwner}.\n`);
  }
  for (const problem of reading.problems) parts.stderr(`warning: ${problem}\n`);
  return healthy ? 0 : 1;
}

function skewOf(numbers: readonly number[]): number {
  const sum = numbers.reduce((total, number) => total + number, 0);
  return sum === 0 ? 0 : Math.max(...numbers) / (sum / numbers.length);
}
