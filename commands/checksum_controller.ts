import { setUpChecksumController } from "../controllers/examples/checksum/mod.ts";
import { KubeconfigError } from "../lib/k8s/kubeconfig/mod.ts";
import { LeadershipLostError } from "../lib/runtime/election/mod.ts";
import { WorkNotStoppedError } from "../lib/runtime/runnable.ts";
import { defaultLeaseNamespace, defaultShardName, runShard, ShardConfigurationError } from "../lib/shard/mod.ts";
import { describeError, getLogger } from "../lib/util/log.ts";
import { waitForApiServer } from "./common/api_server.ts";
import { addClusterFlags, clusterFlags, newCommand, parseCommandLine, textFlag } from "./common/flags.ts";
import { addLogFlags, configureLogs } from "./common/log_flags.ts";
import type { Cluster, CommandParts } from "./common/parts.ts";

const name = "checksum-controller";

/**
 * Runs one shard of the example controller until the signal aborts.
 * @returns 0 after a stop in order, 1 after a failure or the loss of the Lease, 2 for a wrong command line.
 */
export async function checksumController(
  args: readonly string[],
  parts: CommandParts,
  signal: AbortSignal,
): Promise<number> {
  const command = newCommand(name, "Keeps ConfigMaps with the checksums of Secrets, as one shard of a ring.", parts)
    .option("--controllerring <name>", "ControllerRing that the shard belongs to", name)
    .option("--namespace <name>", "namespace of the Secrets and ConfigMaps", "default")
    .option("--lease-namespace <name>", "namespace of the shard's Lease (default: the pod's)")
    .option("--shard-name <name>", "name of the shard and its Lease (default: the pod's name, else a random one)");
  addLogFlags(addClusterFlags(command));
  const exitCode = parseCommandLine(command, args);
  if (exitCode !== undefined) return exitCode;
  const ring = textFlag(command, "controllerring");
  if (ring === undefined) {
    parts.stderr("error: --controllerring must name a ControllerRing\n");
    return 2;
  }
  await configureLogs(command, parts);
  const logger = getLogger(["sharding", name]);
  try {
    const cluster = await parts.findCluster(clusterFlags(command));
    const leaseNamespace = textFlag(command, "leaseNamespace") ?? await defaultLeaseNamespace(parts);
    const shardName = textFlag(command, "shardName") ?? defaultShardName(name, parts);
    const namespace = textFlag(command, "namespace") ?? "default";
    logger.info("starting", { ring, shard: shardName, leaseNamespace, namespace, server: cluster.description });
    await waitUntilReachable(cluster, parts, signal);
    const { clock, random } = parts;
    await runShard({
      ring,
      shardName,
      leaseNamespace,
      namespace,
      clock,
      random,
      userAgent: name,
      connect: ({ userAgent }) => cluster.open({ userAgent }),
      setUp: setUpChecksumController,
    }, signal);
    return 0;
  } catch (error) {
    if (signal.aborted && error === signal.reason) return 0;
    if (isExpected(error)) logger.error("stopping", { error });
    else logger.error("stopping after an unexpected error", { error, stack: stackOf(error) });
    return 1;
  }
}

async function waitUntilReachable(cluster: Cluster, parts: CommandParts, signal: AbortSignal): Promise<void> {
  using client = cluster.open({ userAgent: name });
  const { clock, random } = parts;
  await waitForApiServer({ client, description: cluster.description, clock, random, signal });
}

/** What is told in one line; everything else is a mistake of ours, and its stack tells where. */
function isExpected(error: unknown): boolean {
  return [KubeconfigError, LeadershipLostError, WorkNotStoppedError, ShardConfigurationError, RangeError].some((kind) =>
    error instanceof kind
  );
}

function stackOf(error: unknown): string {
  return error instanceof Error ? error.stack ?? describeError(error) : describeError(error);
}
