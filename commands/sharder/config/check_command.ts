import { Argument, Option } from "commander";
import { stringify } from "yaml";
import { booleanFlag, newCommand, parseCommandLine, textFlag } from "../../common/flags.ts";
import type { CommandParts } from "../../common/parts.ts";
import { formatSharderConfig } from "./format_config.ts";
import { readConfig } from "./read_config.ts";
import { SharderConfigError } from "./sharder_config.ts";

const examples = `
Examples:
  sharder config check sharder.yaml
  sharder config check sharder.yaml --strict && kubectl apply -f sharder.yaml
  sharder config check sharder.yaml -o yaml

Exit codes: 0 the sharder takes it, 1 it does not (with --strict: or would ignore something), 2 wrong command line.
`;

/** `sharder config check FILE`: tells whether the sharder takes a configuration, without a cluster. */
export async function checkConfig(args: readonly string[], parts: CommandParts): Promise<number> {
  const command = newCommand("sharder config", "Checks a configuration of the sharder.", parts)
    .addArgument(new Argument("<action>", "what to do").choices(["check"]))
    .argument("<file>", "configuration file (SharderConfig, YAML or JSON)")
    .addOption(new Option("-o, --output <format>", "print what holds, with all defaults").choices(["json", "yaml"]))
    .option("--strict", "fail also for what would be ignored, such as a misspelt field")
    .addHelpText("after", examples);
  const exitCode = parseCommandLine(command, args);
  if (exitCode !== undefined) return exitCode;
  const file = command.args[1] ?? "";
  try {
    const { config, warnings } = await readConfig(file, parts);
    for (const warning of warnings) parts.stderr(`${file}: warning: ${warning}\n`);
    if (booleanFlag(command, "strict") && warnings.length > 0) return 1;
    const document = formatSharderConfig(config);
    const output = textFlag(command, "output");
    if (output === undefined) parts.stdout(`${file}: ok\n`);
    else parts.stdout(output === "json" ? `${JSON.stringify(document, undefined, 2)}\n` : stringify(document));
    return 0;
  } catch (error) {
    if (!(error instanceof SharderConfigError)) throw error;
    for (const problem of error.problems) parts.stderr(`${file}: ${problem}\n`);
    return 1;
  }
}
