import { join } from "node:path";
import { serveApi } from "../../../lib/apiserver/http/mod.ts";
import { ApiServer } from "../../../lib/apiserver/mod.ts";
import { Api } from "../../../lib/k8s/api/api.ts";
import { createRestClient } from "../../../lib/k8s/client/mod.ts";
import type { RestClient } from "../../../lib/k8s/contract.ts";
import { isNotFound } from "../../../lib/k8s/errors.ts";
import { denoHost, loadClusterAccess } from "../../../lib/k8s/kubeconfig/mod.ts";
import { Manager } from "../../../lib/runtime/manager.ts";
import type { Runnable } from "../../../lib/runtime/runnable.ts";
import { Informer } from "../../../lib/runtime/watch/mod.ts";
import { systemClock as clock } from "../../../lib/util/clock/mod.ts";
import { systemRandom as random } from "../../../lib/util/random.ts";
import { nodes, type Pod, pods } from "../../../lib/workloads/kinds/core.ts";
import { workloadControllers, type WorkloadControllersOptions } from "../../../lib/workloads/mod.ts";
import type { ControlPlane } from "../../controlplane/control_plane.ts";
import { type KubectlResult, runKubectl } from "../../controlplane/kubectl.ts";

/** One of the two things that are compared: an API server, what runs behind it, and a kubectl for it. */
export interface Face extends AsyncDisposable {
  readonly name: string;
  readonly client: RestClient;
  kubectl(args: readonly string[], stdin?: string): Promise<KubectlResult>;
}

/** The image with which no pod ever becomes ready. */
export const brokenImage = "broken";

/** The in-memory API server with our controllers. `folder` and `kubectl` are those of the control plane. */
export async function memoryFace(folder: string, kubectl: string): Promise<Face> {
  await using stack = new globalThis.AsyncDisposableStack();
  const server = stack.use(new ApiServer({ clock, random }));
  const users = [{ username: "admin", uid: "0", groups: ["system:masters"], token: "t" }];
  const listener = stack.use(await serveApi(server, { users }));
  const config = join(folder, "memory.kubeconfig");
  await Deno.writeTextFile(config, listener.kubeconfig());
  const client = server.client();
  run(stack, client, {});
  await createNode(client);
  const owned = stack.move();
  return {
    name: "in memory",
    client,
    kubectl: (args, stdin) =>
      runKubectl(kubectl, config, join(folder, "memory-cache"), args, stdin === undefined ? {} : { stdin }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** The real API server with kube-controller-manager, and our scheduler. */
export async function realFace(controlPlane: ControlPlane): Promise<Face> {
  await using stack = new globalThis.AsyncDisposableStack();
  const flags = { kubeconfig: controlPlane.admin.kubeconfigPath };
  const config = await loadClusterAccess({ host: denoHost, clock, flags });
  const client = stack.use(createRestClient({ config, clock, random }));
  run(stack, client, { controllers: ["scheduling"] });
  await createNode(client);
  const owned = stack.move();
  return {
    name: "real",
    client,
    kubectl: (args, stdin) => controlPlane.kubectl(args, stdin === undefined ? {} : { stdin }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Starts controllers and the kubelet; the stack ends them. */
function run(
  stack: AsyncDisposableStack,
  client: RestClient,
  options: Pick<WorkloadControllersOptions, "controllers">,
): void {
  const manager = new Manager({ clock });
  for (const runnable of workloadControllers({ client, clock, random, ...options })) manager.add(runnable);
  manager.add(kubelet(client));
  const stop = new AbortController();
  const running = manager.run(stop.signal);
  stack.defer(async () => {
    stop.abort();
    await running;
  });
}

async function createNode(client: RestClient): Promise<void> {
  const api = new Api(client, nodes);
  await api.create({ metadata: { name: "node-1" } });
  const now = new Date(clock.now()).toISOString();
  const ready = { type: "Ready", status: "True", reason: "Test", message: "", lastTransitionTime: now };
  await api.patch("node-1", { type: "merge", patch: { spec: { taints: null } } });
  await api.status.patch("node-1", {
    type: "merge",
    patch: { status: { conditions: [ready], allocatable: { pods: "110" }, capacity: { pods: "110" } } },
  });
}

/** Says of every pod with a node at once that it runs and is ready, and ends every one that is being deleted. */
function kubelet(client: RestClient): Runnable {
  return {
    name: "kubelet",
    async run(signal): Promise<void> {
      const api = new Api(client, pods);
      const informer = new Informer(api, { clock, random });
      const informed = informer.run(signal);
      for await (const { type, object } of informer.events(signal)) {
        if (type !== "deleted") await serve(api.inNamespace(object.metadata.namespace), object);
      }
      await informed;
    },
  };
}

async function serve(api: Api<Pod>, { metadata, spec, status }: Pod): Promise<void> {
  try {
    if (metadata.deletionTimestamp !== undefined) {
      const preconditions = metadata.uid === undefined ? {} : { uid: metadata.uid };
      await api.delete(metadata.name, { gracePeriodSeconds: 0, preconditions });
    } else if (
      status?.phase === "Pending" && (spec.nodeName ?? "") !== "" && spec.containers[0]?.image !== brokenImage
    ) {
      const now = new Date(clock.now()).toISOString().replace(/\.\d+Z/, "Z");
      const conditions = [{ type: "Ready", status: "True", lastTransitionTime: now }];
      const address = { podIP: "10.1.2.3", podIPs: [{ ip: "10.1.2.3" }] };
      const status = { phase: "Running", conditions, ...address };
      await api.status.patch(metadata.name, { type: "strategic", patch: { status } });
    }
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}
