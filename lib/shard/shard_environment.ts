import { type Random, randomSuffix } from "../util/random.ts";

/** Where a pod finds the namespace of its service account. */
const namespaceFile = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";

/** Longest name of a shard: objects are labelled with it. */
const longestShardName = 63;

/** Something that a shard needs to know was neither given nor found. The message names flag and remedy. */
export class ShardConfigurationError extends Error {
  /** Tells it from other errors. */
  override readonly name = "ShardConfigurationError";
}

/** What is asked of the machine for {@link defaultLeaseNamespace} and {@link defaultShardName}. */
export interface ShardEnvironment {
  /** An environment variable; undefined when it is not set. */
  readonly env: (name: string) => string | undefined;
  /** The machine's name; in a pod the pod's. */
  readonly hostname: () => string;
  /** Text of a file; undefined when there is no such file. */
  readonly readTextFile: (path: string) => Promise<string | undefined>;
  /** Makes the suffix of names outside of pods. */
  readonly random: Random;
}

/**
 * The namespace of the pod that this process runs in.
 * @param flag named in the error.
 * @throws ShardConfigurationError when it runs in none.
 */
export async function defaultLeaseNamespace(
  environment: Pick<ShardEnvironment, "readTextFile">,
  flag = "--lease-namespace",
): Promise<string> {
  const namespace = (await environment.readTextFile(namespaceFile))?.trim();
  if (namespace !== undefined && namespace !== "") return namespace;
  throw new ShardConfigurationError(
    `this process does not run in a pod, so it has no namespace for the shard's Lease: set ${flag}`,
  );
}

/**
 * In a pod the pod's name. Elsewhere `<base>-<8 random characters>`, so that several shards can run on one machine.
 * A pod is known by the variable POD_NAME, or by KUBERNETES_SERVICE_HOST; then the host name is the pod's.
 */
export function defaultShardName(base: string, environment: Omit<ShardEnvironment, "readTextFile">): string {
  const { env, hostname, random } = environment;
  const podName = env("POD_NAME");
  if (podName) return podName;
  if (env("KUBERNETES_SERVICE_HOST")) return hostname();
  const suffix = randomSuffix(random, 8);
  return `${base.slice(0, longestShardName - suffix.length - 1)}-${suffix}`;
}
