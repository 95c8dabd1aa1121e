import { type Command, InvalidArgumentError, Option } from "commander";
import { configureLogging } from "../../lib/util/log.ts";
import { parseDuration } from "../../lib/util/duration.ts";
import { addClusterFlags, booleanFlag, clusterFlags, newCommand, parseCommandLine, textFlag } from "../common/flags.ts";
import type { CommandParts } from "../common/parts.ts";
import { findTerminal, type Terminal } from "../live_ring/terminal.ts";
import type { RingSubcommand } from "./context.ts";
import { distribution } from "./distribution.ts";
import { type OutputFormat, outputFormats } from "./output.ts";
import { setPaused } from "./pause.ts";
import { rbac, usualRbac } from "./rbac.ts";
import { release } from "./release.ts";
import { explain, RingCommandError } from "./ring_error.ts";
import { simulate } from "./simulate.ts";
import { status } from "./status.ts";
import { whereis } from "./whereis.ts";

/**
 * A person's view of rings, with the rights of that person's kubeconfig.
 * @returns 0 when all is well; 1 when a ring is not healthy, something does not exist, or the cluster cannot be asked;
 *   2 for a wrong command line.
 */
export async function ring(args: readonly string[], parts: CommandParts, signal: AbortSignal): Promise<number> {
  // What the parts below have to say is of interest when something is wrong.
  await configureLogging({ format: "text", level: "error", clock: parts.clock, write: parts.stderr });
  return await runRing(args, parts, findTerminal(parts), signal);
}

/** What the command line asks for. */
interface Choice {
  readonly command: Command;
  readonly run: RingSubcommand;
}

/** The same with a terminal of the caller's, or none, and without taking the logs of the whole program. */
export async function runRing(
  args: readonly string[],
  parts: CommandParts,
  terminal: Terminal | undefined,
  signal: AbortSignal,
): Promise<number> {
  let choice: Choice | undefined;
  const program = ringCommand(parts, (chosen) => choice = chosen);
  if (args.length === 0) {
    parts.stderr(program.helpInformation());
    return 2;
  }
  const exitCode = parseCommandLine(program, args);
  if (exitCode !== undefined || choice === undefined) return exitCode ?? 2;
  const { command, run } = choice;
  let server = "of your kubeconfig";
  try {
    const cluster = await parts.findCluster(clusterFlags(command));
    server = cluster.description;
    using client = cluster.open({ userAgent: "ring" });
    const referenceKeys = booleanFlag(command, "referenceKeys");
    return await run({ parts, client, server, output: outputOf(command), referenceKeys, terminal, signal });
  } catch (error) {
    if (signal.aborted) return 1;
    const message = explain(error, server);
    if (message === undefined) throw error;
    parts.stderr(`error: ${message}\n`);
    return error instanceof RingCommandError ? error.exitCode : 1;
  }
}

function ringCommand(parts: CommandParts, choose: (choice: Choice) => void): Command {
  const program = newCommand("ring", "Shows and steers ControllerRings, with the rights of your kubeconfig.", parts)
    .addHelpText("after", "\nExit codes: 0 all is well, 1 a ring is not healthy or something is missing, 2 usage.");
  const add = (name: string, description: string, examples: readonly string[]): Command => {
    const command = newCommand(name, description, parts)
      .addOption(
        new Option("-o, --output <format>", "form of the answer").choices([...outputFormats]).default("table"),
      )
      .addHelpText("after", `\nExamples:\n${examples.map((example) => `  ring ${example}`).join("\n")}`);
    program.addCommand(addClusterFlags(command));
    return command;
  };
  const withKeys = (command: Command): Command =>
    command.option("--reference-keys", "the sharder has referenceKeys: true in its configuration");
  const choose1 = (command: Command, run: (ring: string) => RingSubcommand): void => {
    command.argument("<ring>", "name of the ControllerRing")
      .action((name: string) => choose({ command, run: run(name) }));
  };

  const statusCommand = add("status", "Shows a ring's shards and objects; without a name, all rings in a line each.", [
    "status",
    "status checksum-controller --watch",
    "status checksum-controller -o json | jq '.shards[] | select(.available | not)'",
  ]).argument("[ring]", "name of the ControllerRing").option("-w, --watch", "go on, and show each move");
  statusCommand.action((name: string | undefined) => {
    const watch = booleanFlag(statusCommand, "watch");
    if (watch && name === undefined) return statusCommand.error("error: --watch needs the name of a ring");
    choose({ command: statusCommand, run: (context) => status(context, name, { watch }) });
  });

  const distributionCommand = withKeys(
    add("distribution", "Shows how evenly a ring's objects are spread over its shards.", [
      "distribution checksum-controller",
      "distribution checksum-controller -o json | jq .skew",
    ]),
  );
  choose1(distributionCommand, (name) => (context) => distribution(context, name));

  const whereisCommand = add("whereis", "Tells on which shard an object is, where it belongs, and why.", [
    "whereis secret default/foo",
    "whereis websites.webhosting.timebertt.dev project-foo/kubecon --ring webhosting-operator",
  ]).argument("<kind>", "resource or kind, such as secrets or Secret")
    .argument("<object>", "NAMESPACE/NAME, or NAME of a cluster-scoped object")
    .option("--ring <name>", "only this ring (default: all that shard the resource)");
  withKeys(whereisCommand).action((kind: string, object: string) => {
    const ring = textFlag(whereisCommand, "ring");
    const options = ring === undefined ? {} : { ring };
    choose({ command: whereisCommand, run: (context) => whereis(context, kind, object, options) });
  });

  const simulateCommand = add("simulate", "Computes which objects would move if the shards changed. Writes nothing.", [
    "simulate checksum-controller --add 2",
    "simulate checksum-controller --remove checksum-controller-gtm9n2sz",
    "simulate webhosting-operator --rename operator-0=operator-3 -o json",
  ]).option("--add <shard>", "a shard's name, or how many (repeatable)", collect, [])
    .option("--remove <shard>", "a shard's name (repeatable)", collect, [])
    .option("--rename <old=new>", "a shard that comes back under another name (repeatable)", collect, []);
  choose1(withKeys(simulateCommand), (name) => (context) => {
    const changes = { add: list(simulateCommand, "add"), remove: list(simulateCommand, "remove") };
    return simulate(context, name, { ...changes, rename: list(simulateCommand, "rename") });
  });

  const rbacCommand = add("rbac", "Prints the role that the sharder needs for a ring's resources, as YAML.", [
    "rbac checksum-controller | kubectl apply --server-side -f -",
    "rbac checksum-controller --mode reference",
  ]).addOption(
    new Option("--mode <mode>", "full: all that our sharder can do; reference: what the Go sharder asks for")
      .choices(["full", "reference"]).default(usualRbac.mode),
  ).option("--namespace <name>", "namespace of the sharder's service account", usualRbac.namespace)
    .option("--service-account <name>", "the sharder's service account", usualRbac.serviceAccount);
  choose1(rbacCommand, (name) => (context) =>
    rbac(context, name, {
      mode: textFlag(rbacCommand, "mode") === "reference" ? "reference" : "full",
      namespace: textFlag(rbacCommand, "namespace") ?? usualRbac.namespace,
      serviceAccount: textFlag(rbacCommand, "serviceAccount") ?? usualRbac.serviceAccount,
    }));

  const pause = add(
    "pause",
    "Stops moves from one live shard to another. Objects without a live shard still get one.",
    [
      "pause checksum-controller",
    ],
  );
  choose1(pause, (name) => (context) => setPaused(context, name, true));
  const resume = add("resume", "Ends a pause.", ["resume checksum-controller"]);
  choose1(resume, (name) => (context) => setPaused(context, name, false));

  const releaseCommand = add("release", "Takes our finalizer off a ring, and on request the labels off its objects.", [
    "release checksum-controller",
    "release checksum-controller --labels",
    "release long-gone --labels --resource secrets --controlled configmaps",
  ]).option("--labels", "the labels of the objects too; the ring must be deleted before")
    .option("--resource <name>", "a main resource, where the ring is gone (repeatable)", collect, [])
    .option("--controlled <name>", "a controlled resource, where the ring is gone (repeatable)", collect, [])
    .addOption(
      new Option("--timeout <duration>", "how long live shards get to let go of their objects")
        .default(60_000, "60s").argParser(parseTimeout),
    )
    .option("--force", "take the labels from under live shards: they stop work on the objects at once");
  choose1(releaseCommand, (name) => (context) =>
    release(context, name, {
      labels: booleanFlag(releaseCommand, "labels"),
      resources: list(releaseCommand, "resource"),
      controlled: list(releaseCommand, "controlled"),
      timeout: Number(releaseCommand.opts()["timeout"]),
      force: booleanFlag(releaseCommand, "force"),
    }));
  return program;
}

function collect(value: string, previous: readonly string[]): readonly string[] {
  return [...previous, value];
}

function list(command: Command, name: string): readonly string[] {
  const value: unknown = command.opts()[name];
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

function outputOf(command: Command): OutputFormat {
  const text = textFlag(command, "output");
  return outputFormats.find((format) => format === text) ?? "table";
}

function parseTimeout(value: string): number {
  try {
    return parseDuration(value);
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : "It must be a duration.");
  }
}
