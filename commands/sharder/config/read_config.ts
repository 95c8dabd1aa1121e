import { parse, YAMLParseError } from "yaml";
import { electionProblems } from "../../../lib/runtime/component_config.ts";
import type { CommandParts } from "../../common/parts.ts";
import {
  type ParsedSharderConfig,
  parseSharderConfig,
  type SharderConfig,
  SharderConfigError,
} from "./sharder_config.ts";

/** What is needed of the machine. */
export type ConfigParts = Pick<CommandParts, "env" | "readTextFile">;

/**
 * The configuration that holds: the file's (all defaults without one), with what the environment overrides.
 * @throws SharderConfigError with all problems at once.
 */
export async function readConfig(path: string | undefined, parts: ConfigParts): Promise<ParsedSharderConfig> {
  const document = path === undefined ? undefined : await readDocument(path, parts);
  const { config, warnings } = parseSharderConfig(document, temporaryDir(parts));
  return { config: withEnvironment(config, parts), warnings };
}

/** The folder for temporary files, under which certificates lie by default. */
export function temporaryDir(parts: Pick<CommandParts, "env">): string {
  return parts.env("TMPDIR") ?? "/tmp";
}

async function readDocument(path: string, parts: ConfigParts): Promise<unknown> {
  const text = await parts.readTextFile(path);
  if (text === undefined) throw new SharderConfigError([`there is no file ${path}: check --config`]);
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof YAMLParseError)) throw error;
    throw new SharderConfigError([`${path} is no YAML: ${error.message}`]);
  }
}

/** LEADER_ELECT overrides the file, as in the reference. */
function withEnvironment(config: SharderConfig, parts: ConfigParts): SharderConfig {
  const value = parts.env("LEADER_ELECT");
  if (value === undefined || value === "") return config;
  if (!goBooleans.has(value)) {
    throw new SharderConfigError([`environment variable LEADER_ELECT: must be true or false`]);
  }
  const leaderElect = goBooleans.get(value) ?? true;
  const leaderElection = { ...config.leaderElection, leaderElect };
  // The file may have switched the election off, and then its times were not looked at.
  const problems = electionProblems(leaderElection);
  if (problems.length > 0) {
    throw new SharderConfigError(problems.map(({ field, message }) => `leaderElection.${field}: ${message}`));
  }
  return { ...config, leaderElection };
}

/** What Go's strconv.ParseBool takes. */
const goBooleans: ReadonlyMap<string, boolean> = new Map([
  ...["1", "t", "T", "true", "TRUE", "True"].map((text) => [text, true] as const),
  ...["0", "f", "F", "false", "FALSE", "False"].map((text) => [text, false] as const),
]);
