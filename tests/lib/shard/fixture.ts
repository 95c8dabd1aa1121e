import { ApiServer, type Intercept } from "../../../lib/apiserver/mod.ts";
import { Api } from "../../../lib/k8s/api/api.ts";
import { leases } from "../../../lib/k8s/kinds/coordination.ts";
import type { JSONValue, RestClient } from "../../../lib/k8s/contract.ts";
import { secrets } from "../../../lib/k8s/kinds/core.ts";
import type { Lease, Secret } from "../../../lib/k8s/types.ts";
import { runShard, type Shard, type ShardOptions } from "../../../lib/shard/mod.ts";
import { type Clock, VirtualClock } from "../../../lib/util/clock/mod.ts";
import { configureLogging } from "../../../lib/util/log.ts";
import { seededRandom } from "../../../lib/util/random.ts";

export const ring = "example";
export const shardLabel = `shard.alpha.sharding.timebertt.dev/${ring}`;
export const drainLabel = `drain.alpha.sharding.timebertt.dev/${ring}`;

/** A change that reached the API server. */
export interface Write {
  /** User agent of the connection: the shard's name, with `/shard-lease` for its Lease's. */
  readonly from: string;
  readonly method: string;
  readonly path: string;
  /** Virtual milliseconds. */
  readonly at: number;
}

/** A shard that runs. */
export interface TestShard {
  readonly stop: () => void;
  /** "running", "done", or the error. */
  readonly state: () => unknown;
  readonly done: Promise<unknown>;
}

/** An in-memory API server on a virtual clock, shards on it, and a person who looks on. */
export class TestCluster implements Disposable {
  readonly clock = new VirtualClock();
  readonly server: ApiServer;
  readonly admin: RestClient;
  readonly secrets: Api<Secret>;
  readonly leases: Api<Lease>;
  readonly writes: Write[] = [];
  readonly logs: string[] = [];
  /** What becomes of the requests of a connection; by default they pass. */
  network: (from: string) => Intercept = () => (request, next) => next(request);
  #seed = 100;

  /** @param collectGarbage whether objects go whose owner does not exist. */
  constructor(collectGarbage = true) {
    this.server = new ApiServer({ clock: this.clock, random: seededRandom(7), collectGarbage });
    this.admin = this.server.client();
    this.secrets = new Api(this.admin, secrets, { namespace: "default" });
    this.leases = new Api(this.admin, leases, { namespace: "default" });
  }

  /** Writes of the shard's work, without those of its Lease. */
  workOf(shard: string): Write[] {
    return this.writes.filter(({ from }) => from === shard);
  }

  /** Starts a shard. */
  start(shard: string, setUp: (shard: Shard) => void, overrides: Partial<ShardOptions> = {}): TestShard {
    const stop = new AbortController();
    let state: unknown = "running";
    const options: ShardOptions = {
      ring,
      shardName: shard,
      leaseNamespace: "default",
      namespace: "default",
      userAgent: shard,
      clock: this.clock,
      random: seededRandom(this.#seed++),
      connect: ({ userAgent }) => this.server.client({ userAgent, intercept: this.#observe(userAgent) }),
      setUp,
      ...overrides,
    };
    const done = runShard(options, stop.signal).then(() => "done", (error: unknown) => error)
      .then((result) => state = result);
    return { stop: () => stop.abort(new Error("asked to stop")), state: () => state, done };
  }

  /** Creates a Secret with labels. */
  async create(name: string, labels: Record<string, string> = {}): Promise<Secret> {
    return await this.secrets.create({ metadata: { name, labels }, data: {} });
  }

  /** Sets labels; null removes one. */
  async label(name: string, labels: Record<string, string | null>): Promise<void> {
    await this.secrets.patch(name, { type: "merge", patch: { metadata: { labels } } });
  }

  /** The labels of a Secret. */
  async labelsOf(name: string): Promise<Readonly<Record<string, string>>> {
    return (await this.secrets.get(name)).metadata.labels ?? {};
  }

  /** A shard's Lease. */
  async lease(shard: string): Promise<Lease> {
    return await this.leases.get(shard);
  }

  /** Keeps log lines from now on. */
  async captureLogs(): Promise<void> {
    await configureLogging({
      format: "text",
      level: "info",
      clock: this.clock,
      write: (line) => void this.logs.push(line.trim()),
    });
  }

  [Symbol.dispose](): void {
    this.server.close();
  }

  #observe(from: string): Intercept {
    return (request, next) =>
      this.network(from)(request, async (passed) => {
        const answer = await next(passed);
        const { method, path } = passed;
        if (method !== "GET") this.writes.push({ from, method, path, at: this.clock.monotonic() });
        return answer;
      });
  }
}

/** Sets up one controller of Secrets that notes the names it is called with. */
export function recorder(
  calls: string[],
  controller: Partial<Parameters<typeof Shard.prototype.control<Secret>>[1]> = {},
): (shard: Shard) => void {
  return (shard) => {
    shard.control(shard.cache(secrets), {
      name: "recorder",
      reconcile: (secret) => {
        calls.push(secret.metadata.name);
        return Promise.resolve();
      },
      ...controller,
    });
  };
}

/**
 * The clock and the network of a process that can be frozen: meanwhile no timer fires, and nothing that comes from the
 * network is read. At the thaw the timers that were due fire first, which is the worst order.
 */
export class FreezableProcess implements Clock {
  readonly #clock: VirtualClock;
  #frozen = false;
  #thawed = Promise.withResolvers<void>();
  readonly #due: (() => void)[] = [];

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  now(): number {
    return this.#clock.now();
  }

  monotonic(): number {
    return this.#clock.monotonic();
  }

  timer(ms: number, callback: () => void): Disposable {
    let cancelled = false;
    const fire = (): void => {
      if (cancelled) return;
      if (this.#frozen) this.#due.push(fire);
      else callback();
    };
    const timer = this.#clock.timer(ms, fire);
    return {
      [Symbol.dispose]: () => {
        cancelled = true;
        timer[Symbol.dispose]();
      },
    };
  }

  freeze(): void {
    this.#frozen = true;
    this.#thawed = Promise.withResolvers();
  }

  /** Holds back answers while the process is frozen. */
  readonly network: Intercept = async (request, next) => {
    const answer = await next(request);
    await this.#running();
    if (!isJsonStream(answer)) return answer;
    const gate = new TransformStream<JSONValue, JSONValue>({
      transform: async (value, controller) => {
        await this.#running();
        controller.enqueue(value);
      },
    });
    return answer.pipeThrough(gate);
  };

  async #running(): Promise<void> {
    if (this.#frozen) await this.#thawed.promise;
  }

  /** Between two timers everything that is ready to run does so, as in a real event loop. */
  async thaw(): Promise<void> {
    this.#frozen = false;
    for (let fire = this.#due.shift(); fire !== undefined; fire = this.#due.shift()) {
      fire();
      await this.#clock.settle();
    }
    this.#thawed.resolve();
  }
}

/** Is this the answer to a watch? Shards ask for no other streams. */
export function isJsonStream(answer: unknown): answer is ReadableStream<JSONValue> {
  return answer instanceof ReadableStream;
}
