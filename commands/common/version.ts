import { type Command, InvalidArgumentError } from "commander";
import type { CommandParts } from "./parts.ts";

/** The version of this program; deno.json says the same. */
export const version = "0.1.0";

/** Adds `--version`, named and valued as in the reference: `--version`, `--version=raw`, `--version=v1.2.3`. */
export function addVersionFlag(command: Command): Command {
  return command.option("--version [form]", "print the version and exit; raw: with those of the runtime", (value) => {
    if (value === "raw" || value === "true" || value === "false" || /^v\d/.test(value)) return value;
    throw new InvalidArgumentError('It must be absent, "raw", or a version such as v1.2.3 to be reported instead.');
  });
}

/**
 * Prints the version where it was asked for.
 * @returns true when it was, so that there is nothing more to do.
 */
export function printVersion(command: Command, parts: Pick<CommandParts, "stdout">): boolean {
  const form: unknown = command.opts()["version"];
  if (form === true || form === "true") parts.stdout(`Controller Sharding for Deno v${version}\n`);
  else if (form === "raw") parts.stdout(`${JSON.stringify({ version: `v${version}`, ...Deno.version })}\n`);
  else return false;
  return true;
}

/** The version to be reported: that of the flag, or our own. */
export function reportedVersion(command: Command): string {
  const form: unknown = command.opts()["version"];
  return typeof form === "string" && form.startsWith("v") ? form : `v${version}`;
}
