import { parse, YAMLParseError } from "yaml";
import { injectsCaBundle } from "../../controllers/controller_ring/ca_injection.ts";
import { CertificateError, fileSource } from "../../lib/certificates/mod.ts";
import { KubeconfigError } from "../../lib/k8s/kubeconfig/mod.ts";
import { LeadershipLostError } from "../../lib/runtime/election/mod.ts";
import { electionProblems } from "../../lib/runtime/component_config.ts";
import { healthHandler, ping } from "../../lib/runtime/health.ts";
import { HttpService, ListenError } from "../../lib/runtime/http_server.ts";
import { getLogger, type Logger } from "../../lib/util/log.ts";
import { randomSuffix } from "../../lib/util/random.ts";
import { untilAborted } from "../../lib/util/until_aborted.ts";
import { WebhookServer } from "../../webhook/server.ts";
import { waitForApiServer } from "../common/api_server.ts";
import { addClusterFlags, clusterFlags, newCommand, parseCommandLine, textFlag } from "../common/flags.ts";
import { addLogFlags, configureLogs } from "../common/log_flags.ts";
import type { Cluster, CommandParts } from "../common/parts.ts";
import { parseSharderConfig, type SharderConfig, SharderConfigError } from "./config/sharder_config.ts";
import { runSharder, type SharderOptions } from "./run.ts";

/**
 * Runs one replica of the sharder until the signal aborts.
 * @returns 0 after a stop in order, 1 after a failure or the loss of the leader's Lease, 2 for a wrong command line.
 */
export async function sharder(args: readonly string[], parts: CommandParts, signal: AbortSignal): Promise<number> {
  const command = newCommand("sharder", "Spreads the objects of ControllerRings over their shards.", parts)
    .option("--config <file>", "configuration file (SharderConfig, YAML or JSON; default: all defaults)");
  addLogFlags(addClusterFlags(command));
  const exitCode = parseCommandLine(command, args);
  if (exitCode !== undefined) return exitCode;
  await configureLogs(command, parts);
  const logger = getLogger(["sharding", "sharder"]);
  try {
    const config = await readConfig(textFlag(command, "config"), parts, logger);
    const cluster = await parts.findCluster(clusterFlags(command));
    const identity = `${parts.hostname()}_${randomSuffix(parts.random, 10)}`;
    logger.info("starting", { identity, server: cluster.description });
    await waitUntilReachable(cluster, parts, signal);
    const issuesCertificates = !await hasCertificates(config, parts);
    logger.info("certificates of the webhook", { from: issuesCertificates ? "Secret of our own" : "files" });
    await runSharder({ ...optionsFor(config, identity, cluster, parts), issuesCertificates }, signal);
    return 0;
  } catch (error) {
    if (signal.aborted && error === signal.reason) return 0;
    // A mistake of ours needs its stack; what the machine or the user did is told in one line.
    const stack = isExpected(error) || !(error instanceof Error) ? {} : { stack: error.stack };
    logger.error("stopping", { error, ...stack });
    return 1;
  }
}

async function readConfig(path: string | undefined, parts: CommandParts, logger: Logger): Promise<SharderConfig> {
  const temporaryDir = parts.env("TMPDIR") ?? "/tmp";
  const { config, warnings } = parseSharderConfig(
    path === undefined ? undefined : await readDocument(path, parts),
    temporaryDir,
  );
  for (const warning of warnings) logger.warn("in the configuration", { file: path, warning });
  return withEnvironment(config, parts);
}

async function readDocument(path: string, parts: CommandParts): Promise<unknown> {
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
function withEnvironment(config: SharderConfig, parts: CommandParts): SharderConfig {
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

async function waitUntilReachable(cluster: Cluster, parts: CommandParts, signal: AbortSignal): Promise<void> {
  using client = cluster.open({ userAgent: "controller-sharding" });
  const { clock, random } = parts;
  await waitForApiServer({ client, description: cluster.description, clock, random, signal });
}

/** Does somebody give the webhook a certificate: in files, or by telling API servers whom to trust? */
async function hasCertificates({ webhook: { server, config } }: SharderConfig, parts: CommandParts): Promise<boolean> {
  if (injectsCaBundle(config.annotations) || config.clientConfig.caBundle !== undefined) return true;
  const files = [server.certName, server.keyName].map((name) => parts.readTextFile(`${server.certDir}/${name}`));
  // One that cannot be read is there all the same; who serves with it says what is wrong.
  return (await Promise.allSettled(files)).some((file) => file.status === "rejected" || file.value !== undefined);
}

function optionsFor(config: SharderConfig, identity: string, cluster: Cluster, parts: CommandParts): SharderOptions {
  const { clock, random } = parts;
  const { certDir, certName, keyName, bindAddress: address } = config.webhook.server;
  const { health } = config;
  return {
    config,
    identity,
    clock,
    random,
    connect: (options) => cluster.open(options),
    serveWebhook: (app, ours) => {
      if (address === undefined) return { name: "no webhook", run: untilAborted, check: ping };
      const files = { certFile: `${certDir}/${certName}`, keyFile: `${certDir}/${keyName}`, clock };
      return new WebhookServer({ address, app, certificates: ours ?? fileSource(files), clock });
    },
    ...(health === undefined ? {} : {
      serveHealth: (ready) => {
        const handler = healthHandler({ endpoints: { healthz: { ping }, readyz: ready }, clock });
        return new HttpService({ name: "health", address: health, handler, clock });
      },
    }),
  };
}

/** What is told in one line; everything else is a mistake of ours, and its stack tells where. */
function isExpected(error: unknown): boolean {
  const expected = [SharderConfigError, KubeconfigError, LeadershipLostError, ListenError, CertificateError];
  return expected.some((kind) => error instanceof kind);
}
