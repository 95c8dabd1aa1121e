import { join } from "node:path";
import { type ApiListener, ApiListenError, serveApi, WebhookClient } from "../../../lib/apiserver/http/mod.ts";
import { ApiServer, type CallWebhook } from "../../../lib/apiserver/mod.ts";
import { Manager } from "../../../lib/runtime/manager.ts";
import type { Clock } from "../../../lib/util/clock/mod.ts";
import { getLogger } from "../../../lib/util/log.ts";
import type { Random } from "../../../lib/util/random.ts";
import { workloadControllers } from "../../../lib/workloads/mod.ts";
import { LocalNode } from "../../../lib/workloads/node/local_node.ts";
import { type DemoCluster, DemoError } from "./demo_cluster.ts";
import { DemoFolder } from "./demo_folder.ts";
import { demoImages } from "./images.ts";
import { lastLines } from "./pod_log.ts";
import { runNode } from "./running_node.ts";

/** What a local cluster works with. */
export interface LocalClusterOptions {
  /** Port of the API server; 0: any free one. */
  readonly port: number;
  /** The Deno that pods run with. */
  readonly execPath: string;
  readonly clock: Clock;
  readonly random: Random;
}

/** Name of the one node. */
const nodeName = "this-machine";

/** Pods of a cluster that vanishes need not say much, in milliseconds. */
const shutdownGrace = 1_500;

/**
 * Starts an API server in memory, the controllers of Deployments and a node that runs pods as processes of this
 * machine.
 * @throws DemoError when the port is taken.
 */
export async function startLocalCluster(options: LocalClusterOptions): Promise<DemoCluster> {
  const { clock, random, execPath } = options;
  await using stack = new globalThis.AsyncDisposableStack();
  const folder = stack.use(await DemoFolder.create());
  const parts: { node?: LocalNode } = {};
  const webhooks = stack.use(
    new WebhookClient({ resolveService: (namespace, name, port) => parts.node?.resolveService(namespace, name, port) }),
  );
  const server = stack.use(
    new ApiServer({
      clock,
      random,
      callWebhook: logged(webhooks.call),
      dialNode: async (_address, path, signal) => {
        if (parts.node === undefined) throw new Error("the node has not started yet");
        const { status, headers, body } = await parts.node.handleKubelet(new Request(`http://node${path}`, { signal }));
        return { code: status, contentType: headers.get("content-type") ?? "", body: body ?? new Blob().stream() };
      },
    }),
  );
  const listener = stack.use(await listen(server, options));
  const kubeconfig = join(folder.path, "kubeconfig");
  await Deno.writeTextFile(kubeconfig, listener.kubeconfig(), { mode: 0o600 });
  const node = new LocalNode({
    client: server.client({ user: `system:node:${nodeName}`, userAgent: "kubelet" }),
    clock,
    random,
    machine: folder.machine,
    name: nodeName,
    images: demoImages(execPath, listener.url),
    server: {
      url: listener.url,
      ...(listener.certificateAuthority === undefined ? {} : { certificateAuthority: listener.certificateAuthority }),
    },
    shutdownGrace,
  });
  parts.node = node;
  const manager = new Manager({ clock, gracefulShutdown: 2 * shutdownGrace });
  manager.add(node);
  const client = server.client({ user: "system:kube-controller-manager", userAgent: "kube-controller-manager" });
  for (const controller of workloadControllers({ client, clock, random })) manager.add(controller);
  const { failed } = await runNode(stack, { node, manager, what: "the demo's cluster" });
  const owned = stack.move();
  return {
    description: `an API server in memory at ${listener.url}`,
    kubectlFlags: ["--kubeconfig", kubeconfig],
    kubectlSetUp: `export KUBECONFIG=${kubeconfig}`,
    folder: folder.path,
    connect: (userAgent) => server.client({ user: "admin", userAgent }),
    webhook: { type: "service" },
    failed,
    // All of it is in memory.
    cleanUp: () => Promise.resolve(),
    log: (namespace, pod, container) => lastLines(node, namespace, pod, container),
    adapt: (object) => object,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** The failure policy makes failures silent; who looks why an object has no shard wants to know of them. */
function logged(call: CallWebhook): CallWebhook {
  const logger = getLogger(["sharding", "demo"]);
  return async (clientConfig, review, signal, timeoutSeconds) => {
    try {
      return await call(clientConfig, review, signal, timeoutSeconds);
    } catch (error) {
      logger.warn("a webhook could not be called", { error });
      throw error;
    }
  };
}

async function listen(server: ApiServer, { port, clock, random }: LocalClusterOptions): Promise<ApiListener> {
  try {
    return await serveApi(server, { port, clock, random });
  } catch (cause) {
    if (!(cause instanceof ApiListenError)) throw cause;
    throw new DemoError(
      `cannot listen on port ${port} of 127.0.0.1: is another demo running? Choose another with --port, such as ` +
        "`--port 0` for any free one",
      { cause },
    );
  }
}
