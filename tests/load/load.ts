/**
 * `deno task load`: measures our processes on a real control plane, beside the figures of the reference. For what each
 * line means and how it is taken, see docs/load.md.
 */
import { parseArgs } from "node:util";
import { makeBundle } from "../e2e/support/bundle.ts";
import { mainCommand, type Program } from "../e2e/support/process.ts";
import type { LoadContext } from "./line.ts";
import { lines } from "./lines.ts";
import { type LoadCluster, startLoadCluster } from "./load_cluster.ts";
import { measureLine } from "./measure.ts";
import { formatTable, type LineResult, rangeOf } from "./table.ts";

const help = `Measures our processes on a real control plane, and prints one table beside the figures of the reference.

  deno task load [LINE ...] [options]

  --runs N     how often each figure is taken: the table has median and lowest to highest (default 3)
  --quick      small numbers, once: shows that all works, in about a minute; its figures mean little
  --sources    measures the sources, not the bundle that is shipped
  --json FILE  writes all single values to a file
  --help       this text

Lines (default: all of them):
${lines.map(({ name, measures }) => `  ${name.padEnd(18)} ${measures}`).join("\n")}

Everything runs on this machine: leave it alone meanwhile. See docs/load.md.
`;

/** Why everything ends early: somebody asked for it. */
class Interrupted extends Error {
  override readonly name = "Interrupted";
}

const stop = new AbortController();

if (import.meta.main) {
  // The first Ctrl-C lets everything be given back; a second one ends at once.
  const interrupted = (): void => {
    Deno.removeSignalListener("SIGINT", interrupted);
    Deno.removeSignalListener("SIGTERM", interrupted);
    stop.abort(new Interrupted());
  };
  Deno.addSignalListener("SIGINT", interrupted);
  Deno.addSignalListener("SIGTERM", interrupted);
  Deno.exit(await main(Deno.args, stop.signal));
}

/** @returns 0 when all was measured, 1 when a line failed or was interrupted, 2 for a wrong command line. */
export async function main(args: readonly string[], signal: AbortSignal): Promise<number> {
  const flags = flagsOf(args);
  if (typeof flags === "string") {
    note(flags);
    return 2;
  }
  if (flags.help) {
    print(help);
    return 0;
  }
  await using bundle = flags.sources ? undefined : await makeBundle();
  const program = bundle?.program() ?? mainCommand;
  const context: LoadContext = {
    runs: flags.runs,
    quick: flags.quick,
    note,
    startCluster: () => startCluster(program),
  };
  const results: LineResult[] = [];
  try {
    for (const line of flags.lines) {
      note(`${line.name}: ${line.measures}`);
      results.push(await measureLine(line, context, signal));
    }
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    note("interrupted: this is what was measured until then");
  }
  print(formatTable(results));
  if (flags.json !== undefined) {
    await Deno.writeTextFile(flags.json, `${JSON.stringify(jsonOf(results), undefined, 2)}\n`);
  }
  return signal.aborted || results.some(({ problem }) => problem !== undefined) ? 1 : 0;
}

/** A cluster for a line; whoever waits hears where its files are. */
async function startCluster(program: Program): Promise<LoadCluster> {
  const cluster = await startLoadCluster(program);
  note(`  the control plane runs, its files are in ${cluster.folder}`);
  return cluster;
}

interface Flags {
  readonly lines: typeof lines;
  readonly runs: number;
  readonly quick: boolean;
  readonly sources: boolean;
  readonly json: string | undefined;
  readonly help: boolean;
}

/** What the command line asks for, or what is wrong with it. */
function flagsOf(args: readonly string[]): Flags | string {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        runs: { type: "string" },
        quick: { type: "boolean", default: false },
        sources: { type: "boolean", default: false },
        json: { type: "string" },
        help: { type: "boolean", default: false },
      },
    });
    const unknown = positionals.find((name) => !lines.some((line) => line.name === name));
    if (unknown !== undefined) {
      return `no line is named ${unknown}; there are ${lines.map(({ name }) => name).join(", ")}`;
    }
    const { quick, sources, json, help, runs = quick ? "1" : "3" } = values;
    if (!/^[1-9]\d*$/.test(runs)) return `--runs ${runs}: a positive number is wanted`;
    const wanted = positionals.length === 0 ? lines : lines.filter(({ name }) => positionals.includes(name));
    return { lines: wanted, runs: Number(runs), quick, sources, json, help };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function jsonOf(results: readonly LineResult[]): unknown {
  return {
    at: new Date().toISOString(),
    machine: { processors: navigator.hardwareConcurrency, deno: Deno.version.deno },
    lines: results.map(({ line, problem, results }) => ({
      line,
      problem,
      figures: results.filter(({ ours }) => ours.length > 0).map(({ figure, ours, spike }) => ({
        ...figure,
        ours: { ...rangeOf(ours), values: ours },
        ...spike.length === 0 ? {} : { spike: { ...rangeOf(spike), values: spike } },
      })),
    })),
  };
}

function print(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(text));
}

function note(text: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(`${text}\n`));
}
