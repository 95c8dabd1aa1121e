import { ApiServer, type Intercept } from "../../../lib/apiserver/mod.ts";
import { Api } from "../../../lib/k8s/api/api.ts";
import type { RestClient } from "../../../lib/k8s/contract.ts";
import { isNotFound } from "../../../lib/k8s/errors.ts";
import { events } from "../../../lib/k8s/kinds/events.ts";
import { controllerOf, type Draft } from "../../../lib/k8s/types.ts";
import { Manager } from "../../../lib/runtime/manager.ts";
import { VirtualClock } from "../../../lib/util/clock/mod.ts";
import { seededRandom } from "../../../lib/util/random.ts";
import { type Deployment, deployments, type ReplicaSet, replicaSets } from "../../../lib/workloads/kinds/apps.ts";
import { type Pod, pods } from "../../../lib/workloads/kinds/core.ts";
import { workloadControllers, type WorkloadControllersOptions } from "../../../lib/workloads/mod.ts";

/** What a world is made of. */
export interface WorldOptions {
  readonly controllers?: NonNullable<WorkloadControllersOptions["controllers"]>;
  /** Stands between the controllers and the server. */
  readonly intercept?: (clock: VirtualClock) => Intercept;
  readonly seed?: number;
  readonly rootCertificate?: string;
}

/** An API server in memory on a virtual clock, the controllers of workloads, and a hand that plays the kubelet. */
export class World implements AsyncDisposable {
  readonly clock = new VirtualClock();
  readonly server: ApiServer;
  readonly client: RestClient;
  readonly deployments: Api<Deployment>;
  readonly sets: Api<ReplicaSet>;
  readonly pods: Api<Pod>;
  readonly #options: WorldOptions;
  #running: { readonly stop: AbortController; readonly client: RestClient; readonly ended: Promise<void> } | undefined;

  constructor(options: WorldOptions = {}) {
    this.#options = options;
    this.server = new ApiServer({ clock: this.clock, random: seededRandom(options.seed ?? 1) });
    this.client = this.server.client();
    this.deployments = new Api(this.client, deployments, { namespace: "default" });
    this.sets = new Api(this.client, replicaSets, { namespace: "default" });
    this.pods = new Api(this.client, pods, { namespace: "default" });
  }

  /** Starts the controllers, with nothing but what the API server knows. */
  start(intercept: Intercept | undefined = this.#options.intercept?.(this.clock)): void {
    const { controllers, seed = 1, rootCertificate } = this.#options;
    const client = this.server.client(intercept === undefined ? {} : { intercept });
    const manager = new Manager({ clock: this.clock, gracefulShutdown: 0 });
    const runnables = workloadControllers({
      client,
      clock: this.clock,
      random: seededRandom(seed),
      ...(controllers === undefined ? {} : { controllers }),
      ...(rootCertificate === undefined ? {} : { rootCertificate }),
    });
    for (const runnable of runnables) manager.add(runnable);
    const stop = new AbortController();
    this.#running = { stop, client, ended: manager.run(stop.signal) };
  }

  /** Ends the controllers in the middle of whatever they do. */
  async crash(): Promise<void> {
    const running = this.#running;
    if (running === undefined) return;
    this.#running = undefined;
    running.client.close?.();
    running.stop.abort();
    let ended = false;
    const done = running.ended.finally(() => ended = true);
    while (!ended) await this.clock.advance(100);
    await done;
  }

  /** Lets everything happen that happens by itself, until nothing has been written for `calm` milliseconds. */
  async quiet(calm = 200): Promise<void> {
    const looks = 8;
    let revision = this.server.revision;
    for (let look = 0; look < looks; look++) {
      await this.clock.advance(calm / looks);
      if (revision === this.server.revision) continue;
      revision = this.server.revision;
      look = -1;
    }
  }

  async podsOf(set?: ReplicaSet): Promise<readonly Pod[]> {
    const { items } = await this.pods.list();
    return set === undefined ? items : items.filter((pod) => controllerOf(pod.metadata)?.uid === set.metadata.uid);
  }

  async allSets(): Promise<readonly ReplicaSet[]> {
    return (await this.sets.list()).items;
  }

  /** What was told of an object, as `reason: message`, oldest first. */
  async eventsOf(name: string): Promise<readonly string[]> {
    const { items } = await new Api(this.client, events, { namespace: "default" }).list();
    return items.filter(({ regarding }) => regarding?.name === name)
      .toSorted((a, b) =>
        (a.metadata.resourceVersion ?? "").localeCompare(b.metadata.resourceVersion ?? "", "en", { numeric: true })
      )
      .map(({ reason, note }) => `${reason}: ${note}`);
  }

  /** The kubelet reports a pod as running, and ready or not. */
  async run(pod: Pod, ready = true): Promise<void> {
    const time = new Date(this.clock.now()).toISOString().replace(/\.\d+Z/, "Z");
    const condition = (type: string, status: boolean): Record<string, string> => ({
      type,
      status: status ? "True" : "False",
      lastTransitionTime: time,
    });
    const status = { phase: "Running", conditions: [condition("PodScheduled", true), condition("Ready", ready)] };
    await this.pods.status.patch(pod.metadata.name, { type: "merge", patch: { status } });
  }

  /** The kubelet has ended a pod that is being deleted. */
  async end({ metadata }: Pod): Promise<void> {
    try {
      const preconditions = metadata.uid === undefined ? {} : { uid: metadata.uid };
      await this.pods.delete(metadata.name, { gracePeriodSeconds: 0, preconditions });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  /** The kubelet does for all pods what it has to do. True when there was anything. */
  async kubelet(): Promise<boolean> {
    let busy = false;
    for (const pod of await this.podsOf()) {
      const { deletionTimestamp, finalizers = [] } = pod.metadata;
      if (deletionTimestamp !== undefined && finalizers.length > 0) continue;
      if (deletionTimestamp !== undefined) await this.end(pod);
      else if (pod.status?.phase === "Pending") await this.run(pod);
      else continue;
      busy = true;
    }
    return busy;
  }

  /** Lets the controllers and the kubelet work until none has had anything to do for `calm` milliseconds. */
  async converge(calm?: number): Promise<void> {
    for (let round = 0; round < 100; round++) {
      await this.quiet(calm);
      if (!await this.kubelet()) return;
    }
    throw new Error("the controllers and the kubelet do not come to rest");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.crash();
    this.server.close();
  }
}

/** A Deployment of one container. */
export function deployment(name: string, spec: Partial<Deployment["spec"]> = {}, image = "one"): Draft<Deployment> {
  return {
    metadata: { name },
    spec: {
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: "main", image }] } },
      ...spec,
    },
  };
}

/** A ReplicaSet of one container. */
export function replicaSet(name: string, spec: Partial<ReplicaSet["spec"]> = {}): Draft<ReplicaSet> {
  return {
    metadata: { name },
    spec: {
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: "main", image: "one" }] } },
      ...spec,
    },
  };
}
