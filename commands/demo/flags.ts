import { type Command, InvalidArgumentError, Option } from "commander";
import { addClusterFlags, booleanFlag, clusterFlags, newCommand, parseCommandLine, textFlag } from "../common/flags.ts";
import type { ClusterFlags, CommandParts } from "../common/parts.ts";

/** What a person asked the demo for. */
export interface DemoFlags {
  /** Which story to tell; undefined: none, but show the live view. */
  readonly story: "quick" | "full" | undefined;
  /** Port of the API server in memory. */
  readonly port: number;
  /** The user's own cluster instead of the API server in memory. */
  readonly cluster: ClusterFlags | undefined;
}

/** The API server's port where nobody names one, so that a kubeconfig stays valid over several demos. */
export const usualPort = 7443;

/**
 * Reads the command line.
 * @param terminal is there one for a live view? Without one the story is told.
 * @returns an exit code when there is nothing more to do.
 */
export function readFlags(args: readonly string[], parts: CommandParts, terminal: boolean): DemoFlags | number {
  const command = demoCommand(parts);
  const exitCode = parseCommandLine(command, args);
  if (exitCode !== undefined) return exitCode;
  const given = clusterFlags(command);
  if (!booleanFlag(command, "cluster") && Object.keys(given).length > 0) {
    parts.stderr("error: --kubeconfig and --context need --cluster\n");
    return 2;
  }
  const story = textFlag(command, "story");
  return {
    story: story === "quick" || story === "full" ? story : terminal ? undefined : "full",
    port: Number(command.opts()["port"]),
    cluster: booleanFlag(command, "cluster") ? given : undefined,
  };
}

function demoCommand(parts: CommandParts): Command {
  const command = newCommand(
    "demo",
    "Shows sharding at work: an API server in memory, two sharders and three shards, as processes of this machine. " +
      "In a terminal it shows the ring until Ctrl-C; without one it tells the getting-started guide and looks whether " +
      "all is as the guide says. At the end it removes everything.",
    parts,
  )
    .addOption(
      new Option("--story <length>", "tell the guide instead of showing the ring; quick leaves out one-minute waits")
        .choices(["quick", "full"]),
    )
    .addOption(
      new Option("--port <number>", "port of the API server, 0 for any free one").default(usualPort).argParser(
        parsePort,
      ),
    )
    .option("--cluster", "run in the cluster of your kubeconfig; only the pods are processes of this machine");
  return addClusterFlags(command);
}

function parsePort(value: string): number {
  const port = Number(value);
  if (!/^\d+$/.test(value) || port > 65_535) throw new InvalidArgumentError("It must be a number from 0 to 65535.");
  return port;
}
