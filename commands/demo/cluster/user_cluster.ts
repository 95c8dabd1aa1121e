import { hasFinalizer, setFinalizer } from "../../../controllers/controller_ring/finalizer.ts";
import { Api } from "../../../lib/k8s/api/api.ts";
import { pathOf } from "../../../lib/k8s/api/resource.ts";
import { createRestClient } from "../../../lib/k8s/client/mod.ts";
import type { RestClient } from "../../../lib/k8s/contract.ts";
import { mutatingWebhookConfigurations } from "../../../lib/k8s/kinds/admissionregistration.ts";
import { leases } from "../../../lib/k8s/kinds/coordination.ts";
import { namespaces, secrets } from "../../../lib/k8s/kinds/core.ts";
import { type ClusterAccess, denoHost, loadClusterAccess } from "../../../lib/k8s/kubeconfig/mod.ts";
import { Manager } from "../../../lib/runtime/manager.ts";
import { leaseRingLabel, systemNamespace, webhookConfigurationName } from "../../../lib/sharding/names.ts";
import { controllerRings } from "../../../lib/sharding/ring_types.ts";
import { type Clock, sleep } from "../../../lib/util/clock/mod.ts";
import { type Random, randomSuffix } from "../../../lib/util/random.ts";
import { LocalNode } from "../../../lib/workloads/node/local_node.ts";
import { type Pod, pods } from "../../../lib/workloads/kinds/mod.ts";
import type { ClusterFlags } from "../../common/parts.ts";
import { place } from "../story/world.ts";
import { deleteObject, type Located } from "./apply.ts";
import { type DemoCluster, DemoError } from "./demo_cluster.ts";
import { DemoFolder } from "./demo_folder.ts";
import { demoImages } from "./images.ts";
import { boundTo, uninstall, type WebhookWay } from "./install.ts";
import { lastLines } from "./pod_log.ts";
import { runNode } from "./running_node.ts";

/** What the demo in a user's cluster works with. */
export interface UserClusterOptions {
  readonly flags: ClusterFlags;
  /** The Deno that pods run with. */
  readonly execPath: string;
  readonly clock: Clock;
  readonly random: Random;
}

/** Time for pods to end in order, in milliseconds. */
const shutdownGrace = 10_000;

/**
 * The cluster of the user's kubeconfig. Its own control plane does everything but running the pods: those are bound to
 * a node that runs them as processes of this machine.
 * @throws DemoError when the demo could get in the way of what is there; KubeconfigError, ApiError, ConnectionError.
 */
export async function connectUserCluster(options: UserClusterOptions, signal: AbortSignal): Promise<DemoCluster> {
  const { flags, execPath, clock, random } = options;
  const access = await loadClusterAccess({ host: denoHost, clock, flags });
  const connect = (userAgent: string): RestClient => createRestClient({ config: access, clock, random, userAgent });
  await using stack = new globalThis.AsyncDisposableStack();
  const client = stack.use(connect("demo-node"));
  await requireEmpty(client, signal);
  const folder = stack.use(await DemoFolder.create());
  const webhook = webhookWay(access);
  const name = `sharding-demo-${randomSuffix(random, 5)}`;
  const node = new LocalNode({
    client,
    clock,
    random,
    machine: folder.machine,
    name,
    images: demoImages(execPath, access.server),
    server: {
      url: access.server,
      ...(access.certificateAuthority === undefined ? {} : { certificateAuthority: access.certificateAuthority }),
    },
    onStop: "remove",
    shutdownGrace,
    servicePort: ({ namespace }) => namespace === systemNamespace ? webhook?.port : undefined,
  });
  const manager = new Manager({ clock, gracefulShutdown: 2 * shutdownGrace });
  manager.add(node);
  const { failed } = await runNode(stack, { node, manager, what: "the demo's node" });
  const owned = stack.move();
  return {
    description: `${access.server} (${access.source})`,
    kubectlFlags: [
      ...(flags.kubeconfig === undefined ? [] : ["--kubeconfig", flags.kubeconfig]),
      ...(flags.context === undefined ? [] : ["--context", flags.context]),
    ],
    kubectlSetUp: flags.kubeconfig === undefined ? undefined : `export KUBECONFIG=${flags.kubeconfig}`,
    folder: folder.path,
    connect,
    webhook: webhook?.way,
    failed,
    log: (namespace, pod, container) => lastLines(node, namespace, pod, container),
    adapt: (object) => boundTo(object, name),
    cleanUp: (applied, signal) => cleanUp(client, name, applied, clock, signal),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** The demo labels all Secrets of its namespace and removes the sharder at its end: neither may be somebody's own. */
async function requireEmpty(client: RestClient, signal: AbortSignal): Promise<void> {
  const system = await new Api(client, namespaces).find(systemNamespace, { signal });
  if (system !== undefined) {
    throw new DemoError(
      `namespace ${systemNamespace} exists in this cluster, so there may be a sharder already: use another cluster, or ` +
        "delete the namespace if nobody needs it",
    );
  }
  const { namespace } = place;
  const { items: [secret] } = await new Api(client, secrets, { namespace }).list({ limit: 1, signal });
  if (secret === undefined) return;
  throw new DemoError(
    `namespace ${namespace} of this cluster holds Secrets, such as ${secret.metadata.name}, and the demo would label ` +
      "them: use another cluster",
  );
}

/** Only an API server on this machine can call this machine's loopback interface. */
function webhookWay({ server }: ClusterAccess): { readonly way: WebhookWay; readonly port: number } | undefined {
  const { hostname } = new URL(server);
  if (!["127.0.0.1", "localhost", "[::1]"].includes(hostname)) return undefined;
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  return { way: { type: "url", url: `https://127.0.0.1:${port}/` }, port };
}

async function cleanUp(
  client: RestClient,
  node: string,
  applied: readonly Located[],
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const { namespace } = place;
  // First what has processes, while there is a node that ends them in order.
  const isWorkload = ({ kind }: Located): boolean => kind === "Deployment";
  await uninstall(client, applied.filter(isWorkload), signal);
  for (const space of [namespace, systemNamespace]) {
    const podApi = new Api(client, pods, { namespace: space });
    const isOurs = ({ spec }: Pod): boolean => spec.nodeName === node;
    while ((await podApi.list({ signal })).items.some(isOurs)) await sleep(clock, 200, signal);
  }
  // No sharder is left that could, and what carries the ring's labels goes too.
  const rings = new Api(client, controllerRings);
  const ring = await rings.find(place.ring, { signal });
  if (ring !== undefined && hasFinalizer(ring)) await setFinalizer(ring, false, rings, signal);
  // It would go with its ring, if the garbage collector knew rings: it may not yet, and the definition goes too.
  await deleteObject(
    client,
    pathOf(mutatingWebhookConfigurations, undefined, webhookConfigurationName(place.ring)),
    signal,
  );
  // All Secrets there are the demo's, as there were none before; their ConfigMaps go with them.
  await new Api(client, secrets, { namespace }).deleteCollection({ signal });
  const ofRing = `${leaseRingLabel}=${place.ring}`;
  await new Api(client, leases, { namespace }).deleteCollection({ labelSelector: ofRing, signal });
  await uninstall(client, applied.filter((object) => !isWorkload(object)), signal);
}
