/**
 * `deno task simulate`: plays random histories on a simulated cluster and checks the guarantees. For what it prints, and
 * how a failure is played again, see docs/simulation.md.
 */
import { parseArgs } from "node:util";
import { generate } from "./generate.ts";
import { play } from "./run.ts";
import { shrink } from "./shrink.ts";
import { describe, type History } from "./steps.ts";

const help = `Plays random histories on a simulated cluster.

  --seeds N    how many histories (default 10)
  --from N     the first seed (default 1)
  --minutes M  how long each history lasts before its faults end (default 10)
  --hours H    simulated hours in all, spread evenly over the seeds
  --seed X     plays one history and prints all that happened; with --log also what the processes logged
  --shrink     makes a history that fails as short as possible
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
    seed: { type: "string" },
    log: { type: "boolean", default: false },
    shrink: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

if (flags.help) print(help);
else Deno.exitCode = await main() ? 0 : 1;

async function main(): Promise<boolean> {
  const count = flags.seed === undefined ? positive("--seeds", flags.seeds) : 1;
  const from = Number(flags.seed ?? flags.from);
  const each = flags.hours === undefined
    ? positive("--minutes", flags.minutes) * 60_000
    : Math.round(positive("--hours", flags.hours) * 3_600_000 / count);
  const begin = performance.now();
  let [failed, simulated, requests, slowest] = [0, 0, 0, 0];
  for (let seed = from; seed < from + count; seed++) {
    const history = generate(seed, each);
    const outcome = await play(history, flags.log ? { logLevel: "debug" } : {});
    if (flags.seed !== undefined) print(`${outcome.trace.join("\n")}\n`);
    if (flags.log) print(`${outcome.logs.join("\n")}\n`);
    for (const { guarantee, at, message } of outcome.violations) {
      print(`seed ${seed}: ${guarantee} after ${(at / 1_000).toFixed(3)} s: ${message}\n`);
    }
    if (flags.seed !== undefined) print(`seed ${seed}: digest ${outcome.digest}\n`);
    if (outcome.violations.length > 0) {
      failed++;
      if (flags.shrink) await printShort(history);
    }
    // What somebody put on another live shard by hand is found when the sharder looks at everything.
    const isByHand = history.steps.some(({ action }) => action.do === "relabel");
    if (outcome.settled > slow && !isByHand) {
      print(`seed ${seed}: settled only after ${Math.round(outcome.settled / 1_000)} s\n`);
    }
    simulated += outcome.simulated;
    requests += outcome.requests;
    slowest = Math.max(slowest, outcome.settled || 0);
  }
  const hours = (simulated / 3_600_000).toFixed(1);
  const minutes = ((performance.now() - begin) / 60_000).toFixed(1);
  print(`${count - failed} histories kept all guarantees, ${failed} did not: ${hours} simulated hours, `);
  print(
    `${requests} requests, settled at most ${Math.round(slowest)} ms after the last fault, in ${minutes} minutes\n`,
  );
  return failed === 0;
}

/** Leaves out what does not matter for the first failure. */
async function printShort(history: History): Promise<void> {
  const [first] = (await play(history, { untilFound: true })).violations;
  if (first === undefined) return;
  const short = await shrink(history, async (candidate) => {
    const { violations } = await play(candidate, { untilFound: true });
    return violations[0]?.guarantee === first.guarantee;
  });
  print(`seed ${history.seed}, shortened to ${short.steps.length} of ${history.steps.length} steps:\n`);
  for (const { at, action } of short.steps) print(`  ${(at / 1_000).toFixed(3)} ${describe(action)}\n`);
}

function positive(flag: string, text: string): number {
  const number = Number(text);
  if (!(number > 0)) throw new RangeError(`${flag} has to be a number above 0: it is ${text}`);
  return number;
}

function print(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(text));
}
