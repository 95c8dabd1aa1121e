import * as sharding from "../../mod.ts";
import { isAlreadyExists, isNotFound } from "../../lib/k8s/errors.ts";
import { pausedAnnotation } from "../../lib/sharding/names.ts";
import { controllerRings } from "../../lib/sharding/ring_types.ts";
import { sleep } from "../../lib/util/clock/mod.ts";
import {
  createTestStage,
  type RingFields,
  secret,
  type TestProcess,
  type TestRing,
  type TestStage,
  type TestStageOptions,
} from "../../testing.ts";
import { namespaces } from "./generate.ts";
import type { Report } from "./checker/violation.ts";
import type { Circumstances } from "./circumstances.ts";
import { faultyTraffic, isWrite } from "./traffic.ts";
import type { Action, History } from "./steps.ts";
import { setUpWorker } from "./worker.ts";

/** Label of the namespaces that belong to the ring. */
export const scopeLabel = "simulation/in-ring";

const ringFields: RingFields = {
  name: "ring",
  resources: [{ main: sharding.secrets, controlled: [sharding.configMaps] }],
  namespaceSelector: { matchLabels: { [scopeLabel]: "yes" } },
};

/** How a {@link SimulatedCluster} is made. */
export interface ClusterOptions {
  readonly circumstances: Circumstances;
  readonly logLevel: NonNullable<TestStageOptions["logLevel"]>;
  /** Takes a line about what happened because of an earlier action. */
  readonly trace: (line: string) => void;
  readonly report: Report;
  /** Hears of each request of a user that ended, in vain (with an error) or not, and how many milliseconds it took. */
  readonly onUser: (action: Action, error: unknown, took: number) => void;
}

/** What a fault has cost a process its Lease may end some seconds later, so it is looked so often, with such pauses. */
const [restarts, restartPause] = [3, 5_000];

/** The sharder gives up a deletion after ten minutes. */
const longestDeletion = 700_000;

/** A simulated cluster, to which the steps of a history happen. */
export class SimulatedCluster implements AsyncDisposable {
  readonly stage: TestStage;
  readonly ring: TestRing;
  readonly #circumstances: Circumstances;
  /** Requests of users that are under way. */
  readonly #users = new Set<Promise<void>>();
  /** Ends of what lasts a while, in the order in which they began. */
  readonly #lasting = new Set<() => void>();
  readonly #onUser: ClusterOptions["onUser"];
  readonly #trace: ClusterOptions["trace"];
  #edits = 0;

  private constructor(stage: TestStage, ring: TestRing, { circumstances, onUser, trace }: ClusterOptions) {
    this.stage = stage;
    this.ring = ring;
    this.#circumstances = circumstances;
    this.#onUser = onUser;
    this.#trace = trace;
  }

  /** Makes a cluster with a ring, in which nothing runs yet. */
  static async create(
    { seed }: Pick<History, "seed">,
    options: ClusterOptions,
  ): Promise<SimulatedCluster> {
    const { circumstances, logLevel } = options;
    const stage = createTestStage({ seed, latency: 20, rememberRequests: false, logLevel });
    for (const name of namespaces) await stage.createNamespace(name, { [scopeLabel]: "yes" });
    const ring = await stage.createRing(ringFields);
    await circumstances.prepare?.(stage);
    const cluster = new SimulatedCluster(stage, ring, options);
    const installed = circumstances.install?.(stage, options.report);
    if (installed !== undefined) cluster.#lasting.add(() => installed[Symbol.dispose]());
    return cluster;
  }

  /** Lets an action happen. What it begins may last; see {@link heal}. Actions on processes that are not there do nothing. */
  act(action: Action): void {
    switch (action.do) {
      case "create":
      case "edit":
      case "put":
      case "delete":
      case "relabel":
        return this.#user(action);
      case "start":
        return this.#start(action.process, action.skew);
      case "stop":
        return this.#each(action.process, (process) => process.terminate());
      case "kill":
        return this.#each(action.process, (process) => process.kill());
      case "freeze":
        return this.#each(action.process, (process) => this.#freeze(process, action.ms, action.suspended));
      case "cut":
        return this.#each(action.process, (process) => this.#cut(process, action.ms));
      case "trap":
        return this.#each(action.process, (process) => this.#trap(process, action));
      case "fault": {
        const fault = this.stage.inject(action.fault, faultyTraffic(action));
        return this.#lasts(action.ms, () => fault[Symbol.dispose]());
      }
      case "webhook":
        return this.#breakWebhooks(action.how, action.ms);
      case "compact":
        return this.stage.server.compact();
      case "outage":
        for (const process of this.stage.processes) if (process.isAlive) this.#cut(process, action.ms);
        return;
      case "delete lease":
        return this.#admin(() => this.stage.api(sharding.leases).inNamespace("default").delete(action.process));
      case "select":
      case "deselect":
        return this.#admin(() =>
          this.stage.api(sharding.namespaces).patch(action.namespace, {
            type: "merge",
            patch: { metadata: { labels: { [scopeLabel]: action.do === "select" ? "yes" : null } } },
          })
        );
      case "delete ring":
        return this.#admin(() => this.stage.api(controllerRings).delete(this.ring.name));
      case "create ring":
        return this.#admin(() => this.stage.createRing(ringFields));
      case "pause ring":
      case "resume ring":
        return this.#admin(() => this.#brake(action.do === "pause ring"));
      case "jump":
        return this.stage.clock.jump(action.ms);
    }
  }

  /** Ends everything that lasts, and sees to it that there are sharders, shards and the ring. */
  async heal(): Promise<void> {
    this.#endAll();
    await this.stage.settle(Promise.all(this.#users), { within: 120_000 });
    for (let round = 0; round < restarts; round++) {
      this.#restart("sharder-");
      this.#restart("shard-");
      await this.stage.advance(restartPause);
    }
    await this.stage.eventually("there is a ring that nobody deletes", async () => {
      const ring = await this.stage.api(controllerRings).find(this.ring.name);
      if (ring === undefined) await this.stage.createRing(ringFields);
      return ring?.metadata.deletionTimestamp === undefined;
    }, { within: longestDeletion });
    await this.#brake(false);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#endAll();
    await this.stage[Symbol.asyncDispose]();
  }

  #endAll(): void {
    for (const end of [...this.#lasting]) end();
    this.#lasting.clear();
  }

  async #brake(isOn: boolean): Promise<void> {
    const metadata = { annotations: { [pausedAnnotation]: isOn ? "true" : null } };
    await this.stage.api(controllerRings).patch(this.ring.name, { type: "merge", patch: { metadata } });
  }

  /** Somebody starts processes again of which there are too few. */
  #restart(prefix: string): void {
    const alive = (): number =>
      this.stage.processes.filter(({ name, isAlive }) => isAlive && name.startsWith(prefix)).length;
    for (let n = 0; alive() < 2; n++) this.#start(`${prefix}${n}`, 0);
  }

  #start(name: string, skew: number): void {
    if (this.stage.processes.some((process) => process.name === name && process.isAlive)) return;
    if (name.startsWith("sharder-")) this.stage.startSharder(name, { skew, ...this.#circumstances.sharder });
    else {this.ring.startShard(name, {
        setUp: this.#circumstances.setUp ?? setUpWorker,
        skew,
        ...this.#circumstances.shard,
      });}
  }

  #freeze(process: TestProcess, ms: number, suspended: boolean): void {
    if (process.state === "frozen") return;
    process.freeze();
    this.#lasts(ms, () => {
      if (process.state === "frozen") process.thaw({ suspended });
    });
  }

  #cut(process: TestProcess, ms: number): void {
    process.disconnect();
    this.#lasts(ms, () => process.reconnect());
  }

  #trap(process: TestProcess, { write, committed, freeze }: Extract<Action, { do: "trap" }>): void {
    let [seen, number] = [0, -1];
    const spring = (): void => {
      end();
      if (!process.isAlive) return;
      this.#trace(`--- ${process.name} is caught at its write`);
      if (freeze === undefined) process.kill();
      else this.#freeze(process, freeze, false);
    };
    const sent = this.stage.onRequest((request) => {
      if (request.process !== process.name || !isWrite(request) || ++seen !== write) return;
      number = request.number;
      if (!committed) spring();
    });
    const answered = this.stage.onAnswer((request) => request.number === number && spring());
    const end = (): void => {
      this.#lasting.delete(end);
      sent[Symbol.dispose]();
      answered[Symbol.dispose]();
    };
    this.#lasting.add(end);
  }

  #breakWebhooks(how: "down" | "slow" | "hanging", ms: number): void {
    const { clock } = this.stage;
    const broken = this.stage.interceptWebhooks(async (request, next) => {
      if (how === "down") throw new Error("the webhook is down");
      await sleep(clock, how === "slow" ? 800 : 10_000, request.signal);
      return await next(request);
    });
    this.#lasts(ms, () => broken[Symbol.dispose]());
  }

  /** Lets something end after a while, or when everything is healed. */
  #lasts(ms: number, stop: () => void): void {
    const timer = this.stage.clock.timer(ms, () => end());
    const end = (): void => {
      timer[Symbol.dispose]();
      if (this.#lasting.delete(end)) stop();
    };
    this.#lasting.add(end);
  }

  #each(name: string, work: (process: TestProcess) => unknown): void {
    for (const process of this.stage.processes) if (process.name === name && process.isAlive) work(process);
  }

  #user(action: Extract<Action, { readonly object: string }>): void {
    const [namespace = "", name = ""] = action.object.split("/");
    const api = this.stage.api(sharding.secrets).inNamespace(namespace);
    const value = btoa(String(this.#edits++));
    const begin = this.stage.clock.monotonic();
    const work = async (): Promise<void> => {
      switch (action.do) {
        case "create":
          return void await api.create(secret({ name, namespace, data: { value } }));
        case "edit":
          return void await api.patch(name, { type: "merge", patch: { data: { value } } });
        case "put":
          return void await api.replace({ metadata: { name, namespace }, data: { value } });
        case "delete":
          return void await api.delete(name);
        case "relabel": {
          const label = `shard.alpha.sharding.timebertt.dev/${this.ring.name}`;
          const labels = { [label]: action.to === "" ? null : action.to };
          return void await api.patch(name, { type: "merge", patch: { metadata: { labels } } });
        }
      }
    };
    this.#track(
      work().then(
        () => this.#onUser(action, undefined, this.stage.clock.monotonic() - begin),
        (error) => this.#onUser(action, error, this.stage.clock.monotonic() - begin),
      ),
    );
  }

  #admin(work: () => Promise<unknown>): void {
    this.#track(
      work().then(() => undefined, (error) => {
        if (!isNotFound(error) && !isAlreadyExists(error)) throw error;
      }),
    );
  }

  #track(work: Promise<void>): void {
    const tracked = work.finally(() => this.#users.delete(tracked));
    this.#users.add(tracked);
  }
}
