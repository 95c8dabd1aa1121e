import { delimiter, join } from "node:path";
import type { Clock } from "../../util/clock/mod.ts";
import { describeError, getLogger, type Logger } from "../../util/log.ts";
import type { ClusterAccess } from "./cluster_access.ts";
import type { Host } from "./host.ts";
import { inClusterAccess } from "./in_cluster.ts";
import { KubeconfigError } from "./kubeconfig_error.ts";
import { type Kubeconfig, mergeKubeconfigs, parseKubeconfig } from "./kubeconfig_file.ts";
import { resolveContext } from "./resolve_context.ts";
import type { CredentialParts } from "./user_credentials.ts";

/** Settings of {@link loadClusterAccess}. */
export interface ClusterAccessOptions {
  /** Files, environment and programs of the machine; `denoHost` is the real one. */
  readonly host: Host;
  /** Says when files that rotate are read again. */
  readonly clock: Clock;
  /** Hears what was found where. @default the logger `sharding.client` */
  readonly logger?: Logger;
  /** What the person at the command line chose. */
  readonly flags?: {
    /** Path of the one kubeconfig file to use. */
    readonly kubeconfig?: string;
    /** Name of the context to use instead of the current one. */
    readonly context?: string;
  };
}

/**
 * Finds the cluster as controllers do: the file of the flag, the files in KUBECONFIG, the pod's service account,
 * `~/.kube/config`. DISABLE_HTTP2 is heeded as in client-go.
 * @throws KubeconfigError that names file, field and remedy
 */
export async function loadClusterAccess(options: ClusterAccessOptions): Promise<ClusterAccess> {
  const { host, clock, logger = getLogger(["sharding", "client"]), flags = {} } = options;
  const access = await findAccess({ host, clock, logger }, flags);
  return host.env("DISABLE_HTTP2") ? { ...access, disableHttp2: true } : access;
}

async function findAccess(
  parts: CredentialParts,
  flags: NonNullable<ClusterAccessOptions["flags"]>,
): Promise<ClusterAccess> {
  const { host } = parts;
  if (flags.kubeconfig !== undefined) {
    const kubeconfig = await readKubeconfig(host, flags.kubeconfig);
    if (kubeconfig === undefined) throw new KubeconfigError(`kubeconfig ${flags.kubeconfig} does not exist`);
    return await resolveContext(kubeconfig, flags.context, parts);
  }
  const listed = (host.env("KUBECONFIG") ?? "").split(delimiter).filter((path) => path !== "");
  if (listed.length > 0) {
    const found = await readAll(host, listed);
    if (found.length === 0) {
      throw new KubeconfigError(`KUBECONFIG names no file that exists: ${listed.join(", ")}: correct it, or unset it`);
    }
    return await resolveContext(mergeKubeconfigs(found), flags.context, parts);
  }
  // A context belongs to a kubeconfig, so asking for one leaves the pod's own account aside.
  const pod = flags.context === undefined ? await inClusterAccess(parts) : undefined;
  if (pod !== undefined) return pod;
  const path = host.home === undefined ? undefined : join(host.home, ".kube", "config");
  const kubeconfig = path === undefined ? undefined : await readKubeconfig(host, path);
  if (kubeconfig !== undefined) return await resolveContext(kubeconfig, flags.context, parts);
  throw new KubeconfigError(
    `no cluster to connect to: KUBECONFIG is not set, this is no pod, and ${
      path ?? "~/.kube/config"
    } does not exist: ` +
      "set KUBECONFIG to the path of a kubeconfig file",
  );
}

async function readAll(host: Host, paths: readonly string[]): Promise<Kubeconfig[]> {
  // Missing files in the list are passed over, as kubectl does.
  const files = await Promise.all(paths.map((path) => readKubeconfig(host, path)));
  return files.filter((file) => file !== undefined);
}

async function readKubeconfig(host: Host, path: string): Promise<Kubeconfig | undefined> {
  let text: string | undefined;
  try {
    text = await host.readTextFile(path);
  } catch (cause) {
    throw new KubeconfigError(`kubeconfig ${path} cannot be read: ${describeError(cause)}`, { cause });
  }
  return text === undefined ? undefined : parseKubeconfig(text, path);
}
