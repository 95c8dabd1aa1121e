import { hostname } from "node:os";
import { createRestClient } from "../../lib/k8s/client/mod.ts";
import { type ClusterAccess, denoHost, loadClusterAccess } from "../../lib/k8s/kubeconfig/mod.ts";
import { type Clock, systemClock } from "../../lib/util/clock/mod.ts";
import { type Random, systemRandom } from "../../lib/util/random.ts";
import type { Cluster, CommandParts } from "./parts.ts";

/** The parts of the machine that this process runs on. */
export function systemParts(): CommandParts {
  return {
    clock: systemClock,
    random: systemRandom,
    env: (name) => denoHost.env(name),
    hostname,
    readTextFile: (path) => denoHost.readTextFile(path),
    stdout: (text) => write(Deno.stdout, text),
    stderr: (text) => write(Deno.stderr, text),
    findCluster: async (flags) => {
      const access = await loadClusterAccess({ host: denoHost, clock: systemClock, flags });
      return clusterOf(access, systemClock, systemRandom);
    },
  };
}

/** A cluster that is reached over HTTP. */
export function clusterOf(access: ClusterAccess, clock: Clock, random: Random): Cluster {
  return {
    description: `${access.server} (${access.source})`,
    namespace: access.namespace,
    open: (options) => createRestClient({ config: access, clock, random, ...options }),
  };
}

const encoder = new TextEncoder();

/** Synchronously, so that the last lines before an exit are not lost. */
function write(output: { writeSync(bytes: Uint8Array): number }, text: string): void {
  for (let rest = encoder.encode(text); rest.length > 0;) rest = rest.subarray(output.writeSync(rest));
}
