import { CredentialsError, KubeconfigError } from "../../lib/k8s/kubeconfig/mod.ts";
import { ApiError, ConnectionError } from "../../lib/k8s/errors.ts";
import { DeadlineError } from "../../lib/util/clock/mod.ts";
import { configureLogging, describeError } from "../../lib/util/log.ts";
import type { CommandParts } from "../common/parts.ts";
import { DemoError } from "./cluster/demo_cluster.ts";
import { startLocalCluster } from "./cluster/local_cluster.ts";
import { connectUserCluster } from "./cluster/user_cluster.ts";
import { ManifestError } from "./cluster/manifests.ts";
import { denoProblem } from "./deno_version.ts";
import { readFlags } from "./flags.ts";
import { findTerminal } from "../live_ring/terminal.ts";
import { runDemo } from "./run.ts";

/** Of the demo's own log, which is of interest only when something fails. */
const keptLogLines = 40;

/**
 * Shows sharding at work on an API server in memory, or in the user's cluster.
 * @returns 0 after a demo that was ended by the user or a story that was true, 1 after anything else, 2 for a wrong
 *   command line.
 */
export async function demo(args: readonly string[], parts: CommandParts, signal: AbortSignal): Promise<number> {
  const { stdout, stderr, clock, random } = parts;
  const problem = denoProblem(Deno.version.deno);
  if (problem !== undefined) {
    stderr(`error: ${problem}\n`);
    return 1;
  }
  const terminal = findTerminal(parts);
  const flags = readFlags(args, parts, terminal !== undefined);
  if (typeof flags === "number") return flags;
  const log: string[] = [];
  await configureLogging({
    format: "text",
    level: "warning",
    clock,
    write: (line) => {
      log.push(line);
      if (log.length > keptLogLines) log.shift();
    },
  });
  using closed = hangUpSignal();
  const stop = AbortSignal.any([signal, closed.signal]);
  const begin = clock.monotonic();
  try {
    const server = flags.cluster === undefined ? "an API server, " : "";
    stdout(`Starting ${server}two sharders and three shards ...\n`);
    const common = { execPath: Deno.execPath(), clock, random };
    await using cluster = flags.cluster === undefined
      ? await startLocalCluster({ ...common, port: flags.port })
      : await connectUserCluster({ ...common, flags: flags.cluster }, stop);
    return await runDemo({ cluster, parts, terminal, story: flags.story, begin, log: () => log.join("") }, stop);
  } catch (error) {
    // What ends because it was told to says so; that something could not be removed is another matter.
    if (stop.aborted && !(error instanceof DeadlineError)) return flags.story === undefined ? 0 : 1;
    stderr(`error: ${describeError(error)}\n`);
    if (isExpected(error)) return 1;
    stderr(`${error instanceof Error ? error.stack : ""}\n${log.join("")}`);
    return 1;
  }
}

/** What is told in one line; everything else is a mistake of ours. */
function isExpected(error: unknown): boolean {
  return [DemoError, ManifestError, KubeconfigError, CredentialsError, ApiError, ConnectionError, DeadlineError].some((
    kind,
  ) => error instanceof kind);
}

/** Aborts when the terminal is closed. */
function hangUpSignal(): Disposable & { readonly signal: AbortSignal } {
  const controller = new AbortController();
  const abort = (): void => controller.abort(new Error("the terminal was closed"));
  if (Deno.build.os !== "windows") Deno.addSignalListener("SIGHUP", abort);
  return {
    signal: controller.signal,
    [Symbol.dispose](): void {
      if (Deno.build.os !== "windows") Deno.removeSignalListener("SIGHUP", abort);
    },
  };
}
