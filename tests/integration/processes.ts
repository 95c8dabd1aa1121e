import { runSharder } from "../../commands/sharder/run.ts";
import { setUpChecksumController } from "../../controllers/examples/checksum/mod.ts";
import type { Intercept } from "../../lib/apiserver/mod.ts";
import type { RestClient } from "../../lib/k8s/contract.ts";
import { ConnectionError } from "../../lib/k8s/errors.ts";
import { type ElectionTiming } from "../../lib/runtime/election/mod.ts";
import { defaultShardTiming } from "../../lib/shard/shard_lease.ts";
import { runShard, type Shard } from "../../lib/shard/mod.ts";
import { parseSharderConfig } from "../../commands/sharder/config/sharder_config.ts";
import { Gate } from "../../lib/testing/gate.ts";
import { ProcessClient } from "../../lib/testing/process_client.ts";
import { seededRandom } from "../../lib/util/random.ts";
import type { WebhookApp } from "../../webhook/app.ts";
import { type Actor, settled, type Stage } from "./stage.ts";

/** Makes the interceptor for a connection of a process. */
export type Network = (process: string) => Intercept;

/** What a process is started with. */
export interface ProcessContext {
  readonly stage: Stage;
  readonly network: Network;
  readonly pace: Pace;
  /** Seed of its random numbers. */
  readonly seed: number;
}

/** A program that runs inside the test as if it were a process of its own. */
export class TestProcess {
  readonly name: string;
  readonly #stage: Stage;
  readonly #stop: AbortController;
  readonly #cut: AbortController;
  readonly #done: Promise<unknown>;
  /** "running", "done", or the error with which it ended. */
  state: unknown = "running";

  constructor(
    name: string,
    actor: Actor,
    { stage, network }: ProcessContext,
    run: (connect: (userAgent: string) => RestClient, signal: AbortSignal) => Promise<void>,
  ) {
    this.name = name;
    this.#stage = stage;
    this.#stop = new AbortController();
    this.#cut = new AbortController();
    const connect = (userAgent: string): RestClient =>
      new ProcessClient({
        client: stage.connect(actor, userAgent),
        intercept: network(name),
        gate: new Gate(),
        broken: () => this.#cut.signal,
      });
    this.#done = run(connect, this.#stop.signal).then(() => "done", (error: unknown) => error)
      .then((state) => this.state = state);
  }

  /** Asks it to stop in order, and waits until it has. */
  async stop(): Promise<void> {
    this.#stop.abort(new Error("asked to stop"));
    await settled(this.#stage, `${this.name} stops`, this.#done, 20_000);
  }

  /** Nothing it sends arrives any more, and nothing arrives at it; it runs on and finds out by itself. */
  isolate(): void {
    this.#cut.abort(new ConnectionError(`the connection of ${this.name} is cut`));
  }

  /** Ends it as `kill -9` does: for everybody else it falls silent at once, and releases nothing. */
  async crash(): Promise<void> {
    this.isolate();
    await this.stop();
  }
}

/** How often Leases are renewed: for tests in real time, or as usual. */
export type Pace = "short" | "usual";

const timings: Readonly<Record<Pace, ElectionTiming>> = {
  short: { leaseDuration: 3_000, renewDeadline: 2_000, retryPeriod: 500 },
  usual: defaultShardTiming,
};

/** Settings of a sharder that tests vary. */
export interface SharderSettings {
  readonly maxPendingDrains?: number;
  readonly drainDeadline?: string;
  readonly syncPeriod?: string;
  readonly ringFinalizer?: boolean;
  readonly namespaceSelector?: Record<string, unknown>;
  readonly referenceKeys?: boolean;
  /** What API servers trust (base64), where that is not the stage's. */
  readonly caBundle?: string;
  /** Fields of controller.leases. */
  readonly leases?: Record<string, unknown>;
  /** It issues the webhook's certificate itself. */
  readonly issuesCertificates?: boolean;
  /** Of its webhook configurations. */
  readonly webhookAnnotations?: Readonly<Record<string, string>>;
}

/** One replica of the sharder. */
export class SharderProcess extends TestProcess {
  readonly #apps: WebhookApp[];

  constructor(
    name: string,
    election: string,
    context: ProcessContext,
    settings: SharderSettings,
    wrap: (app: WebhookApp) => WebhookApp,
  ) {
    const { stage, seed, pace } = context;
    const { leaseDuration, renewDeadline, retryPeriod } = timings[pace];
    const { namespaceSelector, issuesCertificates = false, caBundle, leases, webhookAnnotations, ...sharder } =
      settings;
    // Each test waits for its first shards: in real time that adds up.
    const windows = stage.time === "real" ? { joinWindow: "200ms", settleWindow: "200ms" } : {};
    const { caBundle: _, ...untrusted } = stage.clientConfig;
    const trusted = caBundle === undefined ? stage.clientConfig : { ...untrusted, caBundle };
    const clientConfig = issuesCertificates ? untrusted : trusted;
    const { config } = parseSharderConfig({
      leaderElection: {
        leaseDuration: `${leaseDuration}ms`,
        renewDeadline: `${renewDeadline}ms`,
        retryPeriod: `${retryPeriod}ms`,
        resourceName: election,
      },
      controller: { sharder, leases: { ...windows, ...leases } },
      webhook: {
        config: {
          clientConfig,
          ...(webhookAnnotations ? { annotations: webhookAnnotations } : {}),
          ...(namespaceSelector === undefined ? {} : { namespaceSelector }),
        },
      },
      gracefulShutDown: "5s",
    });
    const apps: WebhookApp[] = [];
    super(name, "sharder", context, (connect, signal) =>
      runSharder({
        config,
        identity: name,
        clock: stage.clock,
        random: stage.time === "virtual" ? seededRandom(seed) : stage.random,
        connect: ({ userAgent }) => connect(userAgent),
        issuesCertificates,
        serveWebhook: (app, certificates) => {
          apps.push(app);
          return stage.serveWebhook(wrap(app), certificates);
        },
      }, signal));
    this.#apps = apps;
  }

  /** Answers a request as the API server would send it to this very replica. */
  async review(path: string, review: unknown): Promise<unknown> {
    const request = new Request(`https://${this.name}.example${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(review),
    });
    const [app] = this.#apps;
    if (app === undefined) throw new Error(`${this.name} serves no webhook yet`);
    return await (await app.handle(request)).json();
  }
}

/** Which ring and where a shard works. */
export interface ShardSettings {
  readonly ring: string;
  readonly namespace: string;
  readonly timing?: ElectionTiming;
  readonly setUp?: (shard: Shard) => void;
  readonly releaseOnStop?: boolean;
}

/** A process of the checksum-controller, or of another controller. */
export function startShard(name: string, context: ProcessContext, settings: ShardSettings): TestProcess {
  const { stage, seed, pace } = context;
  const { ring, namespace, timing = timings[pace], setUp = setUpChecksumController, releaseOnStop = true } = settings;
  return new TestProcess(name, "shard", context, (connect, signal) =>
    runShard({
      ring,
      shardName: name,
      leaseNamespace: namespace,
      namespace,
      timing,
      setUp,
      releaseOnStop,
      userAgent: "checksum-controller",
      clock: stage.clock,
      random: stage.time === "virtual" ? seededRandom(seed) : stage.random,
      connect: ({ userAgent }) => connect(userAgent),
    }, signal));
}
