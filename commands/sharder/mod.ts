import { injectsCaBundle } from "../../controllers/controller_ring/ca_injection.ts";
import { CertificateError, fileSource } from "../../lib/certificates/mod.ts";
import { KubeconfigError } from "../../lib/k8s/kubeconfig/mod.ts";
import { LeadershipLostError } from "../../lib/runtime/election/mod.ts";
import { healthHandler, ping } from "../../lib/runtime/health.ts";
import { HttpService, ListenError } from "../../lib/runtime/http_server.ts";
import { eventLoopLag, registerProcessMetrics, Registry } from "../../lib/runtime/metrics/mod.ts";
import { getLogger } from "../../lib/util/log.ts";
import { randomSuffix } from "../../lib/util/random.ts";
import { untilAborted } from "../../lib/util/until_aborted.ts";
import { WebhookServer } from "../../webhook/server.ts";
import { waitForApiServer } from "../common/api_server.ts";
import { addClusterFlags, clusterFlags, newCommand, parseCommandLine, textFlag } from "../common/flags.ts";
import { addLogFlags, configureLogs } from "../common/log_flags.ts";
import type { Cluster, CommandParts } from "../common/parts.ts";
import { addVersionFlag, printVersion, reportedVersion } from "../common/version.ts";
import { checkConfig } from "./config/check_command.ts";
import { readConfig, temporaryDir } from "./config/read_config.ts";
import { type SharderConfig, SharderConfigError } from "./config/sharder_config.ts";
import { diagnosticsServer, metricsCertificates, startGrantedProfiler } from "./diagnostics/server.ts";
import type { SharderOptions } from "./options.ts";
import { runSharder } from "./run.ts";

/**
 * Runs one replica of the sharder until the signal aborts.
 * @returns 0 after a stop in order, 1 after a failure or the loss of the leader's Lease, 2 for a wrong command line.
 */
export async function sharder(args: readonly string[], parts: CommandParts, signal: AbortSignal): Promise<number> {
  if (args[0] === "config") return await checkConfig(args.slice(1), parts);
  const command = newCommand("sharder", "Spreads the objects of ControllerRings over their shards.", parts)
    .option("--config <file>", "configuration file (SharderConfig, YAML or JSON; default: all defaults)")
    .addHelpText("after", "\nsharder config check FILE tells whether the sharder takes a configuration file.\n");
  addVersionFlag(addLogFlags(addClusterFlags(command)));
  const exitCode = parseCommandLine(command, args);
  if (exitCode !== undefined) return exitCode;
  if (printVersion(command, parts)) return 0;
  await configureLogs(command, parts);
  const logger = getLogger(["sharding", "sharder"]);
  try {
    const file = textFlag(command, "config");
    const { config, warnings } = await readConfig(file, parts);
    for (const warning of warnings) logger.warn("in the configuration", { file, warning });
    const cluster = await parts.findCluster(clusterFlags(command));
    const identity = `${parts.hostname()}_${randomSuffix(parts.random, 10)}`;
    const flags = command.opts();
    logger.info("starting", { version: reportedVersion(command), identity, server: cluster.description, flags });
    await waitUntilReachable(cluster, parts, signal);
    const issuesCertificates = !await hasCertificates(config, parts);
    logger.info("certificates of the webhook", { from: issuesCertificates ? "Secret of our own" : "files" });
    const metrics = await metricsFor(config, parts);
    await runSharder({ ...optionsFor(config, identity, cluster, parts), ...metrics, issuesCertificates }, signal);
    return 0;
  } catch (error) {
    if (signal.aborted && error === signal.reason) return 0;
    // A mistake of ours needs its stack; what the machine or the user did is told in one line.
    const stack = isExpected(error) || !(error instanceof Error) ? {} : { stack: error.stack };
    logger.error("stopping", { error, ...stack });
    return 1;
  }
}

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

/** Measures the sharder where metrics are served; nothing is measured elsewhere. */
async function metricsFor(
  { metrics: address, debugging }: SharderConfig,
  parts: CommandParts,
): Promise<Pick<SharderOptions, "metrics">> {
  if (address === undefined) return {};
  const { clock } = parts;
  const registry = new Registry();
  registerProcessMetrics(registry, clock);
  const certificates = await metricsCertificates(temporaryDir(parts), parts.hostname(), parts.readTextFile, clock);
  const profiles = debugging.enableProfiling ? { startProfiler: () => startGrantedProfiler(clock) } : {};
  const lag = eventLoopLag(registry, "controller_sharding_event_loop_lag_seconds", clock);
  return {
    metrics: {
      registry,
      serve: (reviews) => [lag, diagnosticsServer({ registry, address, reviews, certificates, clock, ...profiles })],
    },
  };
}

/** What is told in one line; everything else is a mistake of ours, and its stack tells where. */
function isExpected(error: unknown): boolean {
  const expected = [SharderConfigError, KubeconfigError, LeadershipLostError, ListenError, CertificateError];
  return expected.some((kind) => error instanceof kind);
}
