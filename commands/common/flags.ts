import { Command, CommanderError } from "commander";
import type { ClusterFlags, CommandParts } from "./parts.ts";

/** Exit code for a command line that was not understood, as in Go's flag package. */
const usageExitCode = 2;

/** A command line parser that prints to the parts' outputs and never ends the process. */
export function newCommand(name: string, description: string, parts: CommandParts): Command {
  return new Command(name)
    .description(description)
    .exitOverride()
    .allowExcessArguments(false)
    .configureOutput({ writeOut: parts.stdout, writeErr: parts.stderr });
}

/**
 * Parses the command line.
 * @param args without the program's and the command's name.
 * @returns undefined to go on; an exit code when there is nothing more to do (help was printed, a flag was wrong).
 */
export function parseCommandLine(command: Command, args: readonly string[]): number | undefined {
  try {
    command.parse([...args], { from: "user" });
    return undefined;
  } catch (error) {
    // commander has printed the help or its complaint already.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : usageExitCode;
    throw error;
  }
}

/** Adds the flags that say which cluster. */
export function addClusterFlags(command: Command): Command {
  return command
    .option("--kubeconfig <file>", "kubeconfig file (default: $KUBECONFIG, the pod's service account, ~/.kube/config)")
    .option("--context <name>", "context of the kubeconfig (default: its current one)");
}

/** The values of the flags that {@link addClusterFlags} added. */
export function clusterFlags(command: Command): ClusterFlags {
  const kubeconfig = textFlag(command, "kubeconfig");
  const context = textFlag(command, "context");
  return {
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
    ...(context === undefined ? {} : { context }),
  };
}

/** The value of a flag that takes text; undefined when it is absent or empty. */
export function textFlag(command: Command, name: string): string | undefined {
  const value: unknown = command.opts()[name];
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** The value of a flag with an optional Go bool: `--flag`, `--flag=false`. */
export function booleanFlag(command: Command, name: string): boolean {
  return command.opts()[name] === true;
}
