/**
 * `deno task chaos`: real processes on a real control plane, with faults, and all guarantees checked; with --soak without
 * faults, to see whether anything grows. For what it prints see docs/chaos.md.
 */
import { parseArgs } from "node:util";
import { playChaos } from "./play.ts";
import { soak, soakProblem, soakTable } from "./soak.ts";
import { chaosTable } from "./support/chaos_report.ts";
import { eventKinds, isEventKind } from "./support/events.ts";

const help = `Plays faults on real processes and checks the guarantees.

  --minutes N   how long (default 10)
  --seed N      chooses the events (default: from the clock)
  --only EVENT  no other event
  --defect      plants one: shards whose clock stands still while they are frozen
  --soak        no faults: looks whether memory, files or connections grow
  --json FILE   writes the report there, too

Events:
${eventKinds.map((kind) => `  ${kind}\n`).join("")}`;

/** A command line that cannot be understood. */
class UsageError extends Error {
  override readonly name = "UsageError";
}

const options = {
  minutes: { type: "string", default: "10" },
  seed: { type: "string" },
  only: { type: "string" },
  defect: { type: "boolean", default: false },
  soak: { type: "boolean", default: false },
  json: { type: "string" },
  help: { type: "boolean", default: false },
} as const;

try {
  Deno.exit(await main() ? 0 : 1);
} catch (error) {
  // What parseArgs() does not understand it says by a TypeError with a code.
  const isUsage = error instanceof UsageError || (error instanceof TypeError && "code" in error);
  if (!isUsage) throw error;
  Deno.stderr.writeSync(new TextEncoder().encode(`${error.message}\n`));
  Deno.exit(2);
}

async function main(): Promise<boolean> {
  const { values: flags } = parseArgs({ args: Deno.args, options });
  if (flags.help) {
    print(help);
    return true;
  }
  const minutes = positive("--minutes", flags.minutes);
  const seed = flags.seed === undefined ? Date.now() % 1_000_000 : positive("--seed", flags.seed);
  const { only } = flags;
  if (only !== undefined && !isEventKind(only)) throw new UsageError(`--only: there is no event "${only}"; see --help`);
  const folder = await Deno.makeTempDir({ prefix: "chaos-" });
  print(`seed ${seed}; logs in ${folder}`);
  if (flags.soak) {
    const report = await soak({ minutes, seed, folder, print });
    print(soakTable(report));
    await writeReport(flags.json, report);
    return soakProblem(report.processes) === undefined;
  }
  const report = await playChaos({
    minutes,
    seed,
    folder,
    print,
    standingClocks: flags.defect,
    ...(only === undefined ? {} : { only }),
  });
  print(chaosTable(report));
  await writeReport(flags.json, report);
  return report.violations.length === 0;
}

async function writeReport(file: string | undefined, report: unknown): Promise<void> {
  if (file !== undefined) await Deno.writeTextFile(file, `${JSON.stringify(report, undefined, 2)}\n`);
}

function positive(flag: string, text: string): number {
  const number = Number(text);
  if (!(number > 0)) throw new UsageError(`${flag} has to be a number above 0: it is ${text}`);
  return number;
}

function print(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}
