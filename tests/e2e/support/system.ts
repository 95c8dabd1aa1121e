import assert from "node:assert/strict";
import { applyObject } from "../../../commands/demo/cluster/apply.ts";
import type { DemoCluster } from "../../../commands/demo/cluster/demo_cluster.ts";
import { install } from "../../../commands/demo/cluster/install.ts";
import { Api } from "../../../lib/k8s/api/api.ts";
import type { JSONObject, RestClient } from "../../../lib/k8s/contract.ts";
import { isJsonObject } from "../../../lib/k8s/errors.ts";
import { leases } from "../../../lib/k8s/kinds/coordination.ts";
import { systemNamespace } from "../../../lib/sharding/names.ts";
import { controllerRings } from "../../../lib/sharding/ring_types.ts";
import { systemClock as clock } from "../../../lib/util/clock/mod.ts";
import { type Deployment, deployments, type Pod, pods } from "../../../lib/workloads/kinds/mod.ts";
import { locateBinaries } from "../../controlplane/assets.ts";
import { runKubectl } from "../../controlplane/kubectl.ts";
import { eventually } from "../../controlplane/processes.ts";
import { copyExample, type CopyOptions } from "./example_copy.ts";
import { RingCopy } from "./ring_copy.ts";
import type { Server } from "./servers.ts";

/** Two sharders on a server, as deploy/ has them. Cases add rings of their own. */
export class System implements AsyncDisposable {
  /** Of its server. */
  readonly name: string;
  readonly client: RestClient;
  readonly deployments: Api<Deployment>;
  readonly pods: Api<Pod>;
  /** Rejects when the server or its node cannot go on. */
  readonly failed: Promise<never>;
  readonly #cluster: DemoCluster;
  readonly #kubectl = locateBinaries().kubectl;
  readonly #signal = new AbortController().signal;

  private constructor(name: string, cluster: DemoCluster, client: RestClient) {
    this.name = name;
    this.#cluster = cluster;
    this.failed = cluster.failed;
    this.client = client;
    this.deployments = new Api(client, deployments, { namespace: systemNamespace });
    this.pods = new Api(client, pods, { namespace: systemNamespace });
  }

  /** Starts a server and installs what is in deploy/ but the example's own Deployment. */
  static async start(server: Server): Promise<System> {
    await using stack = new globalThis.AsyncDisposableStack();
    const cluster = stack.use(await server.start());
    const client = stack.use(cluster.connect("e2e"));
    const system = new System(server.name, cluster, client);
    await install({
      client,
      clock,
      webhook: cluster.webhook ?? assert.fail("the API server can reach the webhook"),
      adapt: (object) => isExampleDeployment(object) ? undefined : cluster.adapt(object),
      onApplied: () => {},
    }, system.#signal);
    await system.sharders(2, 30_000);
    stack.move();
    return system;
  }

  /** Waits until there are so many sharders, all of them available. */
  async sharders(count: number, within: number): Promise<void> {
    await eventually(`${count} sharders are available`, async () => {
      const { status } = await this.deployments.get("sharder");
      return status?.availableReplicas === count && status.replicas === count;
    }, within);
  }

  /** Output of a kubectl that has to succeed; it runs as administrator, unless it is told otherwise. */
  async kubectl(...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.tryKubectl(...args);
    assert.equal(code, 0, `kubectl ${args.join(" ")}: ${stderr}`);
    return stdout;
  }

  /** What became of a kubectl. */
  async tryKubectl(...args: readonly string[]): ReturnType<typeof runKubectl> {
    const { folder, kubectlFlags } = this.#cluster;
    const flags = args.includes("--kubeconfig") ? [] : kubectlFlags;
    return await runKubectl(this.#kubectl, "", `${folder}/kubectl-cache`, [...flags, ...args], {});
  }

  /** Makes a copy of the example and follows it; its pods are not there yet when this returns. */
  async copy(options: CopyOptions): Promise<RingCopy> {
    for (const object of await copyExample(options)) {
      const adapted = this.#cluster.adapt(object);
      if (adapted !== undefined) await applyObject(this.client, adapted, this.#signal);
    }
    return await RingCopy.follow(this, await new Api(this.client, controllerRings).get(options.name));
  }

  /** Path of the kubeconfig that a pod's process works with. */
  async kubeconfigOf(pod: Pod): Promise<string> {
    return `${await this.#folderOf(pod)}/serviceaccount/kubeconfig`;
  }

  /** The leading sharder's pod. All pods share this machine's name, so only their logs say who is who. */
  async leader(): Promise<{ readonly pod: Pod; readonly identity: string }> {
    const { spec } = await new Api(this.client, leases, { namespace: systemNamespace }).get("sharder");
    const identity = spec?.holderIdentity ?? "";
    assert.notEqual(identity, "", "a sharder leads");
    for (const pod of (await this.pods.list()).items) {
      const logs = `${await this.#folderOf(pod)}/logs`;
      for await (const { name } of Deno.readDir(logs)) {
        if ((await Deno.readTextFile(`${logs}/${name}`)).includes(`identity=${identity}`)) return { pod, identity };
      }
    }
    return assert.fail(`no pod's log says that it is ${identity}`);
  }

  /** The folder of a pod on the node. */
  async #folderOf({ metadata: { name, uid = "" } }: Pod): Promise<string> {
    const { folder } = this.#cluster;
    for await (const entry of Deno.readDir(folder)) {
      const path = `${folder}/${entry.name}/pods/${uid}`;
      if (await Deno.stat(path).then(() => true, () => false)) return path;
    }
    return assert.fail(`pod ${name} has a folder`);
  }

  /** The last lines of the logs of all pods in a namespace. */
  async logs(namespace: string): Promise<string> {
    const { items } = await this.pods.inNamespace(namespace).list();
    const texts = await Promise.all(items.map(async ({ metadata: { name }, spec, status }) => {
      const log = await this.#cluster.log(namespace, name, spec.containers[0]?.name ?? "");
      return `--- ${namespace}/${name}, ${status?.phase}\n${log}\n`;
    }));
    return texts.join("");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Sharders go on for a while when they are asked to end, as API servers may still call them: not these any more.
    for (const kind of ["deployments.apps", "pods"]) {
      await this.kubectl("delete", kind, "--all", "-A", "--wait=false", "--force", "--grace-period=0");
    }
    this.client.close?.();
    await this.#cluster[Symbol.asyncDispose]();
  }
}

function isExampleDeployment({ kind, metadata }: JSONObject): boolean {
  return kind === "Deployment" && isJsonObject(metadata) && metadata["namespace"] !== systemNamespace;
}
