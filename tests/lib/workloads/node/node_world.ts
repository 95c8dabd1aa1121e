import { ApiServer } from "../../../../lib/apiserver/mod.ts";
import { Api } from "../../../../lib/k8s/api/api.ts";
import type { JSONValue, RequestOptions, RestClient } from "../../../../lib/k8s/contract.ts";
import { events } from "../../../../lib/k8s/kinds/events.ts";
import type { Draft } from "../../../../lib/k8s/types.ts";
import { VirtualClock } from "../../../../lib/util/clock/mod.ts";
import { seededRandom } from "../../../../lib/util/random.ts";
import { type Pod, pods } from "../../../../lib/workloads/kinds/mod.ts";
import { LocalNode, type LocalNodeOptions } from "../../../../lib/workloads/node/local_node.ts";
import { FakeMachine } from "./fake_machine.ts";

/** A node, an in-memory API server and a machine that the test plays, on one virtual clock. */
export class NodeWorld implements AsyncDisposable {
  readonly clock = new VirtualClock();
  readonly server: ApiServer;
  readonly client: RestClient;
  readonly machine = new FakeMachine();
  readonly node: LocalNode;
  readonly requests: RequestOptions[] = [];
  /** A request for which it returns an error fails with it. */
  fail: (request: RequestOptions) => unknown = () => undefined;
  /** Answers some requests in place of the API server. */
  answer: (request: RequestOptions) => JSONValue = () => undefined;
  readonly #stop = new AbortController();
  #running: Promise<void> | undefined;

  constructor(options: Partial<LocalNodeOptions> = {}) {
    const random = seededRandom(1);
    this.server = new ApiServer({ clock: this.clock, random });
    this.client = this.server.client();
    const client = this.server.client({
      intercept: async (request, next) => {
        this.requests.push(request);
        const error = this.fail(request);
        if (error !== undefined) throw error;
        return this.answer(request) ?? await next(request);
      },
    });
    this.node = new LocalNode({
      client,
      clock: this.clock,
      random,
      machine: this.machine,
      name: "local",
      images: {
        known: ["app", "missing"],
        resolve: (image, { ports }) => {
          if (image === "missing") return { command: ["missing"] };
          return image !== "app" ? undefined : { command: ["run-app"], args: ["--port", String(ports["http"])] };
        },
      },
      server: { url: "https://127.0.0.1:6443", certificateAuthority: "the authority" },
      ...options,
    });
  }

  get pods(): Api<Pod> {
    return new Api(this.client, pods, { namespace: "default" });
  }

  async start(): Promise<void> {
    this.#running = this.node.run(this.#stop.signal);
    await this.clock.advance(100);
    await this.node.whenReady();
  }

  /** Stops the node and lets it take the time that it needs. */
  async stop(): Promise<void> {
    this.#stop.abort();
    let ended = false;
    const running = this.#running?.finally(() => ended = true);
    if (running === undefined) return;
    await this.clock.settle();
    while (!ended) await this.clock.advance(this.clock.next ?? 0);
    await running;
  }

  async run(pod: Draft<Pod>): Promise<void> {
    await this.pods.create(pod);
    await this.clock.settle();
    await this.clock.settle();
  }

  /** Reasons and notes of all events, in the order of their creation. */
  async events(): Promise<string[]> {
    await this.clock.settle();
    const { items } = await new Api(this.client, events).list();
    return items.toSorted((a, b) => Number(a.metadata.resourceVersion) - Number(b.metadata.resourceVersion))
      .map((event) => `${event.reason}: ${event.note}`);
  }

  /** What `kubectl get pods` shows, more or less. */
  async status(name = "a"): Promise<string> {
    await this.clock.settle();
    const pod = await this.pods.find(name);
    if (pod === undefined) return "none";
    const [container] = pod.status?.containerStatuses ?? [];
    const { waiting, running, terminated } = container?.state ?? {};
    const state = waiting?.reason ?? terminated?.reason ?? (running === undefined ? "" : "Running");
    return `${pod.status?.phase} ${state} ready=${container?.ready ?? false} restarts=${container?.restartCount ?? 0}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    this.server.close();
  }
}

/** A pod of the node. */
export function podOf(
  spec: Partial<Pod["spec"]> = {},
  container: Partial<Pod["spec"]["containers"][0]> = {},
): Draft<Pod> {
  return {
    metadata: { name: "a", namespace: "default", labels: { app: "a" } },
    spec: {
      nodeName: "local",
      automountServiceAccountToken: false,
      containers: [{ name: "main", image: "app", ports: [{ name: "http", containerPort: 8080 }], ...container }],
      ...spec,
    },
  };
}
