import { type Command, InvalidArgumentError, Option } from "commander";
import { configureLogging, type LogLevel, type LogTime } from "../../lib/util/log.ts";
import { booleanFlag, textFlag } from "./flags.ts";
import type { CommandParts } from "./parts.ts";

/** The forms of a time, in zap's words. */
const times: readonly LogTime[] = ["epoch", "millis", "nanos", "iso8601", "rfc3339", "rfc3339nano"];

/** Adds the flags for logs, named as in the reference (protocol, section 8.3). */
export function addLogFlags(command: Command): Command {
  command
    .addOption(
      new Option("--zap-log-level <level>", "debug, info, warn, error, panic, or a number above 0 for debug")
        .argParser(checkLevel),
    )
    .addOption(new Option("--zap-encoder <encoder>", "form of the log lines").choices(["json", "console"]))
    .addOption(
      new Option("--zap-devel [bool]", "for development: console, debug").argParser(parseBoolean).preset("true"),
    )
    .addOption(
      new Option(
        "--zap-stacktrace-level <level>",
        "errors come with their stacks from this level on (default: only mistakes of the program do)",
      )
        .choices(["info", "error", "panic"]),
    )
    .addOption(new Option("--zap-time-encoding <form>", "form of the times").choices(times).default("iso8601"));
  return command;
}

/** Sets up the program's logs, on standard error, as the flags say. */
export async function configureLogs(command: Command, parts: CommandParts): Promise<void> {
  const devel = booleanFlag(command, "zapDevel");
  const encoder = textFlag(command, "zapEncoder") ?? (devel ? "console" : "json");
  const level = textFlag(command, "zapLogLevel");
  const stacksFrom = levelOf(textFlag(command, "zapStacktraceLevel") ?? "");
  const form = textFlag(command, "zapTimeEncoding");
  await configureLogging({
    format: encoder === "console" ? "text" : "json",
    level: level === undefined ? (devel ? "debug" : "info") : levelOf(level) ?? "info",
    time: times.find((time) => time === form) ?? "iso8601",
    ...(stacksFrom === undefined ? {} : { stacksFrom }),
    clock: parts.clock,
    write: parts.stderr,
  });
}

/** The level that a value of `--zap-log-level` means; undefined when it means none. */
export function levelOf(value: string): LogLevel | undefined {
  switch (value) {
    case "debug":
    case "info":
    case "error":
      return value;
    case "warn":
      return "warning";
    case "panic":
      return "fatal";
    default:
      return /^[1-9]\d*$/.test(value) ? "debug" : undefined;
  }
}

function checkLevel(value: string): string {
  if (levelOf(value) === undefined) {
    throw new InvalidArgumentError("It must be debug, info, warn, error, panic or a number above 0.");
  }
  return value;
}

/** The spellings of Go's strconv.ParseBool that people use. */
function parseBoolean(value: string): boolean {
  if (["1", "t", "true", "True", "TRUE"].includes(value)) return true;
  if (["0", "f", "false", "False", "FALSE"].includes(value)) return false;
  throw new InvalidArgumentError("It must be true or false.");
}
