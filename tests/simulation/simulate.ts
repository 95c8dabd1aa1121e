/**
 * `deno task simulate`: plays random histories on a simulated cluster and checks the guarantees. For what it prints, and
 * how a failure is played again, see docs/simulation.md.
 */
import { parseArgs } from "node:util";
import { allCrashes, allStale, type Case, flagsOf, nameOf, parseCase, playCase, type Result } from "./cases.ts";
import { defectNamed } from "./defects/all.ts";
import { playAll } from "./pool.ts";
import { scenarioNamed } from "./scenarios.ts";

const help = `Plays histories on a simulated cluster, and checks all guarantees.

Random histories:
  --seeds N       how many (default 10)
  --from N        the first seed (default 1)
  --minutes M     how long each lasts before its faults end (default 10)
  --hours H       simulated hours in all, spread evenly over the seeds
  --defect NAME   something is wrong on purpose, to see that it is found; an unknown name lists all

Everything that may go wrong in a plain scenario:
  --crashes       each process crashes before and after each of its writes
  --stale         each cache of each process is one event behind, ten events, or a whole list
  --scenario NAME only this one (join, leave, crash, ...)

How:
  --jobs N        threads (default 1)
  --shrink        makes each history that fails as short as possible
  --seed X        plays one history and prints all that happened; with --log also what the processes logged
  --case JSON     the same for a case of --crashes or --stale
`;

/** Longer than a lost shard, the guard against mass loss and backing off should take together. Milliseconds. */
const slow = 90_000;

const { values: flags } = parseArgs({
  args: Deno.args,
  options: {
    seeds: { type: "string", default: "10" },
    from: { type: "string", default: "1" },
    minutes: { type: "string", default: "10" },
    hours: { type: "string" },
    defect: { type: "string" },
    crashes: { type: "boolean", default: false },
    stale: { type: "boolean", default: false },
    scenario: { type: "string" },
    jobs: { type: "string", default: "1" },
    seed: { type: "string" },
    case: { type: "string" },
    log: { type: "boolean", default: false },
    shrink: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

if (flags.help) print(help);
else Deno.exitCode = await main().catch(explained) ? 0 : 1;

async function main(): Promise<boolean> {
  if (flags.defect !== undefined) defectNamed(flags.defect);
  if (flags.scenario !== undefined) scenarioNamed(flags.scenario);
  if (flags.case !== undefined) return await replay(parseCase(flags.case));
  if (flags.seed !== undefined && !flags.shrink) return await replay(seedCase(Number(flags.seed), 1));
  return await playMany(casesToPlay());
}

async function* casesToPlay(): AsyncGenerator<Case, void, undefined> {
  if (flags.crashes) yield* allCrashes(flags.scenario);
  if (flags.stale) yield* allStale(flags.scenario);
  if (flags.crashes || flags.stale) return;
  const count = flags.seed === undefined ? positive("--seeds", flags.seeds) : 1;
  const from = Number(flags.seed ?? flags.from);
  for (let seed = from; seed < from + count; seed++) yield seedCase(seed, count);
}

function seedCase(seed: number, count: number): Case {
  const duration = flags.hours === undefined
    ? positive("--minutes", flags.minutes) * 60_000
    : Math.round(positive("--hours", flags.hours) * 3_600_000 / count);
  return { type: "seed", seed, duration, defect: flags.defect };
}

/** What was asked for cannot be: then nobody needs to see where that was found. */
function explained(error: unknown): boolean {
  if (!(error instanceof RangeError)) throw error;
  print(`${error.message}\n`);
  return false;
}

/** Prints everything that happens. */
async function replay(each: Case): Promise<boolean> {
  const outcome = await playCase(each, flags.log ? { logLevel: "debug" } : {});
  print(`${outcome.trace.join("\n")}\n`);
  if (flags.log) print(`${outcome.logs.join("\n")}\n`);
  print(`${nameOf(each)}: digest ${outcome.digest}\n`);
  print(`${nameOf(each)}: ${outcome.violations.length} violations\n`);
  return outcome.violations.length === 0;
}

async function playMany(cases: AsyncIterable<Case>): Promise<boolean> {
  const begin = performance.now();
  let [played, failed, simulated, requests, slowest] = [0, 0, 0, 0, 0];
  for await (const result of playAll(cases, { jobs: positive("--jobs", flags.jobs), isShrunk: flags.shrink })) {
    tell(result);
    played++;
    if (result.violations.length > 0) failed++;
    simulated += result.simulated;
    requests += result.requests;
    slowest = Math.max(slowest, result.settled || 0);
  }
  const hours = (simulated / 3_600_000).toFixed(1);
  const minutes = ((performance.now() - begin) / 60_000).toFixed(1);
  print(`${played - failed} histories kept all guarantees, ${failed} did not: ${hours} simulated hours, `);
  print(
    `${requests} requests, settled at most ${Math.round(slowest)} ms after the last fault, in ${minutes} minutes\n`,
  );
  return failed === 0;
}

function tell({ case: each, violations, short, settled }: Result): void {
  for (const line of violations) print(`${nameOf(each)}: ${line}\n`);
  if (violations.length > 0) print(`${nameOf(each)}: once more with: deno task simulate ${flagsOf(each)}\n`);
  for (const line of short) print(`${nameOf(each)}: ${line}\n`);
  if (settled > slow) print(`${nameOf(each)}: settled only after ${Math.round(settled / 1_000)} s\n`);
}

function positive(flag: string, text: string): number {
  const number = Number(text);
  if (!(number > 0)) throw new RangeError(`${flag} has to be a number above 0: it is ${text}`);
  return number;
}

function print(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(text));
}
