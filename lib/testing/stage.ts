import { ApiServer, type Fault } from "../apiserver/mod.ts";
import { Api } from "../k8s/api/api.ts";
import type { Resource } from "../k8s/api/resource.ts";
import type { JSONObject, RestClient } from "../k8s/contract.ts";
import { isAlreadyExists } from "../k8s/errors.ts";
import { namespaces } from "../k8s/kinds/core.ts";
import type { KubeObject } from "../k8s/types.ts";
import { systemNamespace } from "../sharding/names.ts";
import { controllerRings } from "../sharding/ring_types.ts";
import { VirtualClock } from "../util/clock/mod.ts";
import { describeError } from "../util/log.ts";
import { type Random, seededRandom } from "../util/random.ts";
import { namespace as namespaceFor, ring as ringFor, type RingFields, stageStart } from "./builders.ts";
import { type CapturedLogs, captureLogs } from "./captured_logs.ts";
import { type Condition, consistently, eventually } from "./conditions.ts";
import { applyAll, readManifest } from "./manifests.ts";
import { type FaultRule, type InjectedFault, Network, type RequestIntercept } from "./network.ts";
import { type Program, TestProcess } from "./process.ts";
import { matches, type RequestFilter, type TestRequest } from "./requests.ts";
import type { SharderSettings, StartSharder } from "./sharder.ts";
import type { ClientSettings, ProcessSettings, StageServer, TestStageOptions, WaitOptions } from "./stage_options.ts";
import { TestRing } from "./test_ring.ts";
import { type Distrust, type WebhookHandler, type WebhookIntercept, Webhooks } from "./webhooks.ts";

/** Seeds of parts lie apart, so that stages with neighbouring seeds have nothing in common. */
const seedSpan = 10_000;

/** The Service of the sharder's default configuration. */
const sharderOrigin = `https://sharder.${systemNamespace}.svc`;

/** What a failed wait quotes of the log. */
const quotedLines = 15;

/**
 * A cluster in memory for one test: an API server, processes, and time that only the test moves. Nothing here takes real
 * time or is left to chance. One stage at a time: it takes the logs of the whole program. Made by `createTestStage()`;
 * dispose of it with `await using`.
 */
export class TestStage implements AsyncDisposable {
  /** The seed that the stage was made with. */
  readonly seed: number;
  /** The time. It stands still but for {@link advance}, {@link eventually} and {@link consistently}. */
  readonly clock: VirtualClock;
  /** Random numbers for the test itself. */
  readonly random: Random;
  readonly #server: ApiServer;
  readonly #admin: RestClient;
  readonly #network: Network;
  readonly #webhooks = new Webhooks();
  readonly #logs: CapturedLogs;
  readonly #processes: TestProcess[] = [];
  readonly #startSharder: StartSharder;

  /**
   * Made by `createTestStage()`.
   * @param startSharder what {@link startSharder} runs.
   */
  constructor(options: TestStageOptions, startSharder: StartSharder) {
    const { seed = 1, start = stageStart, latency = 10, logLevel = "info", server = {}, rememberRequests } = options;
    const clock = new VirtualClock(start);
    this.seed = seed;
    this.clock = clock;
    this.random = seededRandom(seed * seedSpan);
    this.#server = new ApiServer({
      ...server,
      clock,
      random: seededRandom(seed * seedSpan + 1),
      callWebhook: (clientConfig, review, signal) => this.#webhooks.call(clientConfig, review, signal),
    });
    this.#admin = this.#server.client({ userAgent: "test" });
    const remembers = rememberRequests !== false;
    this.#network = new Network({ clock, random: seededRandom(seed * seedSpan + 2), latency, remembers });
    this.#logs = captureLogs(clock, logLevel);
    this.#startSharder = startSharder;
  }

  /** Log lines of all processes and of the test since the stage was made, oldest first. */
  get logs(): readonly string[] {
    return this.#logs.lines;
  }

  /** The processes in the order in which they were started. */
  get processes(): readonly TestProcess[] {
    return this.#processes;
  }

  /** The API server. */
  get server(): StageServer {
    return this.#server;
  }

  /** The process of this name that was started last. @throws Error when there is none */
  process(name: string): TestProcess {
    const found = this.#processes.findLast((process) => process.name === name);
    if (found !== undefined) return found;
    const names = this.#processes.map((process) => process.name).join(", ");
    throw new Error(`there is no process ${name}; started were: ${names === "" ? "none" : names}`);
  }

  /** A connection of the test's own, without latency and faults. */
  client(options: ClientSettings = {}): RestClient {
    return this.#server.client({ userAgent: "test", ...options });
  }

  /** All objects of a resource with all rights, without latency and faults; see `Api.inNamespace()`. */
  api<T extends KubeObject>(resource: Resource<T>): Api<T> {
    return new Api(this.#admin, resource);
  }

  /** Creates a namespace with these labels. */
  async createNamespace(name: string, labels: Readonly<Record<string, string>> = {}): Promise<void> {
    await this.api(namespaces).create(namespaceFor({ name, labels }));
  }

  /**
   * Applies objects, such as CustomResourceDefinitions and what they define, in this order.
   * @param manifest YAML or JSON with one or more documents, or the objects themselves.
   * @throws ApiError when one is refused; Error when one is of an unknown kind.
   */
  async apply(manifest: string | readonly JSONObject[]): Promise<void> {
    await applyAll(this.#admin, typeof manifest === "string" ? readManifest(manifest) : manifest);
  }

  /** Creates a ControllerRing. @param fields see `ring()` */
  async createRing(fields: RingFields = {}): Promise<TestRing> {
    const { metadata } = await this.api(controllerRings).create(ringFor(fields));
    return new TestRing(this, metadata.name);
  }

  /**
   * Starts a replica of the sharder of this package, with the default configuration. The API server reaches the webhooks
   * of all replicas that run through one Service.
   */
  startSharder(name = "sharder", settings: SharderSettings & ProcessSettings = {}): TestProcess {
    const replica = this.start(name, async (parts, signal) => {
      await this.#ensureNamespace(systemNamespace);
      const serveWebhook = (handler: WebhookHandler, distrust?: Distrust): Disposable =>
        this.#webhooks.serve(
          sharderOrigin,
          async (request) => {
            await replica.whenAwake();
            return await handler(request);
          },
          () => replica.state === "running" || replica.state === "frozen",
          distrust,
        );
      await this.#startSharder({ ...parts, ...settings, name, serveWebhook }, signal);
    }, settings);
    return replica;
  }

  /** Starts any program as a process of its own. @throws Error when there is a process of that name that still runs */
  start(name: string, program: Program, settings: ProcessSettings = {}): TestProcess {
    const { user = name, skew = 0 } = settings;
    if (this.#processes.some((process) => process.name === name && process.isAlive)) {
      throw new Error(`a process ${name} runs already: stop or kill it first, or take another name`);
    }
    const process = new TestProcess(name, {
      clock: this.clock,
      network: this.#network,
      seed: this.seed * seedSpan + 100 + this.#processes.length,
      skew,
      connect: (userAgent) => this.#server.client({ user, userAgent }),
      untilEnded: (ending) => this.eventually(`${ending.name} ends`, () => ending.hasEnded),
    }, program);
    this.#processes.push(process);
    return process;
  }

  /**
   * Lets a webhook of the author's own listen at the origin that its configuration names (`https://host`, or
   * `https://<service>.<namespace>.svc:<port>`) until it is disposed of. Several at one origin take turns.
   */
  serveWebhook(origin: string, handler: WebhookHandler): Disposable {
    return this.#webhooks.serve(new URL(origin).origin, handler);
  }

  /**
   * Lets the API server's calls of webhooks go through a function that may delay, change or break them: it throws for a
   * connection that fails. Dispose of the result to end it.
   */
  interceptWebhooks(intercept: WebhookIntercept): Disposable {
    return this.#webhooks.intercept(intercept);
  }

  /**
   * Lets a fault befall requests of the processes, such as
   * `stage.inject({ type: "status", code: 409 }, { process: "shard-a", verb: "patch", resource: secrets, times: 3 })`.
   * Dispose of the result to end it.
   */
  inject(fault: Fault, rule: FaultRule = {}): InjectedFault {
    return this.#network.inject(fault, rule);
  }

  /**
   * Lets the requests of the processes go through a function that may change them and their answers. Dispose of the
   * result to end it.
   */
  interceptRequests(intercept: RequestIntercept): Disposable {
    return this.#network.tamper(intercept);
  }

  /** The requests of the processes so far, oldest first. */
  requests(filter: RequestFilter = {}): readonly TestRequest[] {
    return this.#network.requests.filter((request) => matches(request, filter));
  }

  /** Calls back when a process sends a request, in the same turn. Dispose of the result to end it. */
  onRequest(listener: (request: TestRequest) => void): Disposable {
    return this.#network.observe("sent", listener);
  }

  /**
   * Calls back when a request of a process is answered without an error, before the process knows: what it asked for is
   * done. Dispose of the result to end it.
   */
  onAnswer(listener: (request: TestRequest) => void): Disposable {
    return this.#network.observe("answered", listener);
  }

  /** The number that the next request of a process gets: a moment for `RequestFilter.since`. */
  get mark(): number {
    return this.#network.sent;
  }

  /** Lets `ms` milliseconds go by. */
  async advance(ms: number): Promise<void> {
    await this.clock.advance(ms);
  }

  /**
   * Lets the time go by until a condition holds. It is looked at each time something happens.
   * @param what completes "it did not come to be that ...".
   * @throws Error when it does not hold within the time; it quotes the end of the log, and processes that failed.
   */
  async eventually(what: string, condition: Condition, { within = 60_000 }: WaitOptions = {}): Promise<void> {
    const why = (last: string): string => this.#report(`within ${within} ms it did not come to be that ${what}${last}`);
    await eventually(this.clock, condition, within, why);
  }

  /**
   * Lets the time go by until a promise is settled, and gives its result: for requests of the test that take time, as
   * the API server waits for a webhook that does not answer.
   * @throws what the promise rejects with; Error when it is not settled within the time.
   */
  async settle<T>(promise: Promise<T>, wait: WaitOptions = {}): Promise<T> {
    let isSettled = false;
    const watched = promise.finally(() => isSettled = true);
    // It may reject before somebody awaits it.
    watched.catch(() => undefined);
    await this.eventually("the promise is settled", () => isSettled, wait);
    return await watched;
  }

  /** Lets `ms` milliseconds go by and sees that a condition holds all the time. @throws Error when it does not */
  async consistently(what: string, condition: Condition, ms: number): Promise<void> {
    const why = (last: string): string => this.#report(`it did not stay so for ${ms} ms that ${what}${last}`);
    await consistently(this.clock, condition, ms, why);
  }

  /** Ends all processes and the API server, and gives the logs back to where they went before. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      for (const process of this.#processes.toReversed()) await process.wind();
    } finally {
      this.#admin[Symbol.dispose]();
      this.#server.close();
      this.#logs[Symbol.dispose]();
    }
  }

  async #ensureNamespace(name: string): Promise<void> {
    await this.createNamespace(name).catch((error: unknown) => {
      if (!isAlreadyExists(error)) throw error;
    });
  }

  #report(message: string): string {
    const failed = this.#processes.filter(({ state }) => state === "failed")
      .map(({ name, error }) => `\n  process ${name} failed: ${describeError(error)}`);
    const lines = this.logs.slice(-quotedLines).map((line) => `\n  ${line}`);
    return [message, ...failed, ...(lines.length === 0 ? [] : ["\nlast log lines:", ...lines])].join("");
  }
}
