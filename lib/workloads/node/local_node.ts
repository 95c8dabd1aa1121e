import { Api } from "../../k8s/api/api.ts";
import type { RestClient } from "../../k8s/contract.ts";
import type { ObjectKey } from "../../k8s/types.ts";
import { EventRecorder } from "../../runtime/events/mod.ts";
import type { Runnable } from "../../runtime/runnable.ts";
import { settledWithin } from "../../runtime/settled_within.ts";
import { dropManagedFields, Informer, type InformerEvent } from "../../runtime/watch/mod.ts";
import { type Clock, deadline } from "../../util/clock/mod.ts";
import { getLogger, type Logger } from "../../util/log.ts";
import type { Random } from "../../util/random.ts";
import { untilAborted } from "../../util/until_aborted.ts";
import { pods, type Service, services } from "../kinds/mod.ts";
import { type ServiceAddress, ServiceProxies } from "../services/service_proxies.ts";
import { containerLogs } from "./kubelet/container_logs.ts";
import type { KubeletServer, KubeletServing } from "./kubelet/kubelet_server.ts";
import type { Machine } from "./machine.ts";
import { NodeHeartbeat } from "./node_heartbeat.ts";
import type { NodeParts } from "./node_parts.ts";
import type { Images } from "./pod/images.ts";
import type { ApiServerAddress } from "./pod/pod_kubeconfig.ts";
import { PodWorkers } from "./pod_workers.ts";
import { PortAllocator } from "./port_allocator.ts";

/** Settings of a {@link LocalNode}. */
export interface LocalNodeOptions {
  readonly client: RestClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly machine: Machine;
  /** Name of the Node object; pods with this `spec.nodeName` run here. */
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** What images mean here. */
  readonly images: Images;
  /** How pods reach the API server. */
  readonly server: ApiServerAddress;
  /** Serve logs over HTTPS, for an API server of another process. @default no */
  readonly kubelet?: KubeletServing;
  /** Pods that the node takes at most, for schedulers. @default 110 */
  readonly maxPods?: number;
  /** What the end of the node leaves in the cluster: a Node that is not ready, or neither it nor its pods. @default "not-ready" */
  readonly onStop?: "not-ready" | "remove";
  /** Milliseconds that pods get at most when the node stops. @default 10_000 */
  readonly shutdownGrace?: number;
  /** Port of the loopback interface at which a port of a service has to be. @default any free one */
  readonly servicePort?: (service: ObjectKey, port: number) => number | undefined;
  readonly logger?: Logger;
}

/** Time for the last requests when the node stops, in milliseconds. */
const lastWords = 2_000;

/**
 * A node that runs pods as processes of this machine: all share its network, its files and its user. It does for them
 * what a kubelet does (statuses, restarts, probes, logs, graceful ends, tokens), and makes their services reachable on
 * the loopback interface. It takes the pods that a scheduler, or their manifest, binds to it.
 */
export class LocalNode implements Runnable {
  readonly name: string;
  readonly #options: LocalNodeOptions;
  readonly #logger: Logger;
  readonly #ready = Promise.withResolvers<void>();
  #workers: PodWorkers | undefined;
  readonly #proxies: ServiceProxies;

  constructor(options: LocalNodeOptions) {
    const { name, machine, servicePort, logger } = options;
    this.name = `node ${name}`;
    this.#options = options;
    this.#logger = (logger ?? getLogger(["sharding", "node"])).with({ node: name });
    this.#ready.promise.catch(() => undefined); // Whoever runs the node gets the error too.
    this.#proxies = new ServiceProxies({
      serve: machine.serveProxy,
      pods: () => this.#workers?.list() ?? [],
      fixedPort: servicePort,
      logger: this.#logger,
    });
  }

  /** Resolves when the node is registered and takes pods; rejects when it cannot. */
  whenReady(): Promise<void> {
    return this.#ready.promise;
  }

  /** Answers a request to the kubelet's API, `/containerLogs/...`, without asking who sends it. */
  async handleKubelet(request: Request): Promise<Response> {
    return await containerLogs(
      request,
      this.#workers?.findLog ?? ((): undefined => undefined),
      this.#options.clock.now(),
    );
  }

  /**
   * Where a port of a service can be called, for webhooks with `clientConfig.service`.
   * @throws ServiceUnavailableError when there is no such service or port, or no pod of it is ready.
   */
  async resolveService(namespace: string, name: string, port: number | string): Promise<ServiceAddress> {
    return await this.#proxies.resolve(namespace, name, port);
  }

  /** Runs until the signal aborts, then ends all pods. @param kill aborts when their time is over */
  async run(signal: AbortSignal, kill?: AbortSignal): Promise<void> {
    const { client, clock, random, machine, kubelet, name, shutdownGrace = 10_000, onStop } = this.#options;
    const folder = await machine.files.makeTemporaryFolder("local-node-");
    const recording = new AbortController();
    const recorder = new EventRecorder({
      client,
      reporter: { controller: "kubelet", instance: name },
      clock,
      random,
      logger: this.#logger,
    });
    let server: KubeletServer | undefined;
    const recorded = recorder.run(recording.signal);
    try {
      const workers = new PodWorkers(this.#parts(recorder, folder), () => this.#proxies.podsChanged());
      this.#workers = workers;
      if (kubelet !== undefined) server = await machine.serveKubelet(kubelet, (request) => this.handleKubelet(request));
      const heartbeat = this.#heartbeat(server?.port);
      try {
        await heartbeat.register(signal);
        await this.#follow(workers, heartbeat, signal);
      } finally {
        const remove = onStop === "remove";
        const now = (): void => void workers.shutDown(0, remove);
        kill?.addEventListener("abort", now, { once: true });
        await workers.shutDown(kill?.aborted === true ? 0 : shutdownGrace, remove);
        kill?.removeEventListener("abort", now);
        await this.#leave(heartbeat);
      }
    } catch (error) {
      this.#ready.reject(error);
      if (!signal.aborted) throw error;
    } finally {
      recording.abort();
      await settledWithin(clock, lastWords, recorded);
      await this.#proxies.close();
      await server?.close();
      await machine.files.remove(folder);
    }
  }

  /** Follows pods and services until the signal aborts. */
  async #follow(workers: PodWorkers, heartbeat: NodeHeartbeat, signal: AbortSignal): Promise<void> {
    const { client, clock, random, name } = this.#options;
    const common = { clock, random, logger: this.#logger };
    const podInformer = new Informer(new Api(client, pods), {
      ...common,
      fieldSelector: `spec.nodeName=${name}`,
      transform: dropManagedFields,
    });
    const serviceInformer = new Informer(new Api(client, services), { ...common, transform: dropManagedFields });
    const failed = new AbortController();
    const stop = AbortSignal.any([signal, failed.signal]);
    const parts = [
      podInformer.run(stop),
      serviceInformer.run(stop),
      heartbeat.run(stop),
      forEach(podInformer.events(stop), (event) => workers.handle(event)),
      forEach(serviceInformer.events(stop), (event) => this.#handleService(event)),
    ];
    void podInformer.whenSynced(stop).then(() => this.#ready.resolve(), () => undefined);
    try {
      await Promise.race([untilAborted(stop), ...parts]);
    } finally {
      failed.abort();
      await Promise.allSettled(parts);
    }
  }

  #handleService(event: InformerEvent<Service>): void {
    if (event.type === "deleted") this.#proxies.remove(event.object);
    else this.#proxies.put(event.object);
  }

  #heartbeat(kubeletPort: number | undefined): NodeHeartbeat {
    const { client, clock, random, machine, name, labels, maxPods = 110 } = this.#options;
    const { cpus, memory, operatingSystem, architecture, runtime } = machine;
    return new NodeHeartbeat({
      client,
      clock,
      random,
      logger: this.#logger,
      description: {
        name,
        ...(labels === undefined ? {} : { labels }),
        pods: maxPods,
        cpus,
        memory,
        operatingSystem,
        architecture,
        runtime,
        ...(kubeletPort === undefined ? {} : { kubeletPort }),
      },
    });
  }

  /** The API server may be gone already. */
  async #leave(heartbeat: NodeHeartbeat): Promise<void> {
    const { clock, onStop = "not-ready" } = this.#options;
    using limit = deadline(clock, lastWords, "the node's leave");
    try {
      await heartbeat.leave(onStop === "remove", limit.signal);
    } catch (error) {
      this.#logger.warn("the node could not say that it stops", { error });
    }
  }

  #parts(recorder: EventRecorder, folder: string): NodeParts {
    const { client, clock, random, machine, images, server } = this.#options;
    return {
      client,
      clock,
      random,
      logger: this.#logger,
      processes: machine.processes,
      files: machine.files,
      ports: new PortAllocator(random, (port) => machine.isPortFree(port)),
      callProbe: machine.callProbe,
      images,
      server,
      inherited: machine.environment(),
      record: (object, note) => recorder.record(object, note),
      folder,
    };
  }
}

async function forEach<T>(source: AsyncIterable<T>, action: (item: T) => void): Promise<void> {
  for await (const item of source) action(item);
}
