import type { DemoCluster } from "../../../commands/demo/cluster/demo_cluster.ts";
import { startLocalCluster } from "../../../commands/demo/cluster/local_cluster.ts";
import { connectUserCluster } from "../../../commands/demo/cluster/user_cluster.ts";
import { systemClock as clock } from "../../../lib/util/clock/mod.ts";
import { systemRandom as random } from "../../../lib/util/random.ts";
import { startControlPlane } from "../../controlplane/control_plane.ts";

/** A server with a node that runs pods as processes of this machine. */
export interface Server {
  readonly name: string;
  start(): Promise<DemoCluster>;
}

/** The servers on which all has to behave alike. On the real one, Deployments are kube-controller-manager's business. */
export const servers: readonly Server[] = [
  {
    name: "on the API server in memory",
    start: () => startLocalCluster({ port: 0, execPath: Deno.execPath(), clock, random }),
  },
  { name: "on a real API server", start: startRealCluster },
];

async function startRealCluster(): Promise<DemoCluster> {
  await using stack = new globalThis.AsyncDisposableStack();
  const controlPlane = stack.use(await startControlPlane());
  const flags = { kubeconfig: controlPlane.kubeconfig };
  const options = { flags, execPath: Deno.execPath(), clock, random };
  const cluster = stack.use(await connectUserCluster(options, new AbortController().signal));
  const owned = stack.move();
  return { ...cluster, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
