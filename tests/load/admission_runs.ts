import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { JSONValue } from "../../lib/k8s/contract.ts";
import { isJsonObject } from "../../lib/k8s/errors.ts";
import { shardLabel } from "../../lib/sharding/names.ts";
import { freePorts } from "../controlplane/ports.ts";
import { eventually } from "../controlplane/processes.ts";
import { Process } from "../e2e/support/process.ts";
import { describe, type Load } from "./admission_figures.ts";
import { type Loaded, loadServer } from "./h2load.ts";
import type { LoadContext } from "./line.ts";
import type { LoadCluster, Sharder, SharderStart } from "./load_cluster.ts";
import { reviewOf } from "./review.ts";

/** A server that answers admissions. */
interface Target {
  readonly url: string;
  readonly pid: number;
}

/** Options of {@link AdmissionBench.start}. */
export interface BenchOptions extends Pick<SharderStart, "wrapper"> {
  /** Seconds of one measurement. */
  readonly seconds: number;
  readonly signal: AbortSignal;
}

/** A sharder and the spike, to which reviews are sent. */
export class AdmissionBench implements AsyncDisposable {
  readonly cluster: LoadCluster;
  #ours: Target & { readonly sharder: Sharder };
  readonly #spike: Target;
  readonly #options: BenchOptions;
  readonly #note: (text: string) => void;
  readonly #stack: AsyncDisposableStack;
  #shards = 0;

  private constructor(
    cluster: LoadCluster,
    targets: { readonly ours: Target & { readonly sharder: Sharder }; readonly spike: Target },
    options: BenchOptions,
    note: (text: string) => void,
    stack: AsyncDisposableStack,
  ) {
    this.cluster = cluster;
    this.#ours = targets.ours;
    this.#spike = targets.spike;
    this.#options = options;
    this.#note = note;
    this.#stack = stack;
  }

  /** Starts both, on a control plane of their own. */
  static async start({ startCluster, note }: LoadContext, options: BenchOptions): Promise<AdmissionBench> {
    await using stack = new globalThis.AsyncDisposableStack();
    const cluster = stack.use(await startCluster());
    for (const labelled of [false, true]) {
      const body = reviewOf(labelled ? { [shardLabel(cluster.ring)]: "shard-0" } : undefined);
      await Deno.writeTextFile(fileOf(cluster, labelled), body);
    }
    const ours = await startOurs(cluster, options);
    const spike = stack.use(await startSpike(cluster));
    return new AdmissionBench(cluster, { ours, spike }, options, note, stack.move());
  }

  /** Milliseconds from the sharder's last start until it was ready. */
  get readyAfter(): number {
    return this.#ours.sharder.readyAfter;
  }

  /** Stops the sharder and starts it again. @returns the same as {@link readyAfter} */
  async restart(): Promise<number> {
    await this.#ours.sharder.process.stop();
    this.#ours = await startOurs(this.cluster, this.#options);
    return this.readyAfter;
  }

  /** Measures one of the two under a load; more shards are made before, if need be. */
  async measure(load: Load, whose: "ours" | "spike"): Promise<Loaded> {
    const { seconds, signal } = this.#options;
    const { shards, connections, streams, http1, labelled = false } = load;
    await this.#grow(shards);
    const target = whose === "ours" ? this.#ours : this.#spike;
    if (whose === "ours") await this.#check(labelled);
    const body = fileOf(this.cluster, labelled);
    const folder = this.cluster.folder;
    const loaded = await loadServer({ ...target, body, connections, streams, http1, seconds, folder, signal });
    const { perSecond, p50, p99, cpu } = loaded;
    const latencies = `p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(1)} ms`;
    this.#note(`  ${describe(load)}: ${whose} ${perSecond.toFixed(0)}/s, ${latencies}, CPU ${cpu.toFixed(1)} ms`);
    return loaded;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }

  async #grow(shards: number): Promise<void> {
    if (shards <= this.#shards) return;
    const names = Array.from({ length: shards - this.#shards }, (_, index) => `shard-${this.#shards + index}`);
    await this.cluster.createFakeShards(names);
    this.#shards = shards;
    await this.cluster.whenAvailable(shards, this.#options.signal);
  }

  /** Assigns the sharder what it should, and nothing else? */
  async #check(labelled: boolean): Promise<void> {
    const { url } = this.#ours;
    const body = await Deno.readTextFile(fileOf(this.cluster, labelled));
    using client = Deno.createHttpClient({ caCerts: [this.cluster.webhookAuthority] });
    const headers = { "content-type": "application/json" };
    const answered = await fetch(url, { method: "POST", body, headers, client });
    const answer: JSONValue = await answered.json();
    const response = isJsonObject(answer) ? answer["response"] : undefined;
    assert.ok(isJsonObject(response) && response["allowed"] === true, `${url} answers ${JSON.stringify(answer)}`);
    assert.equal("patch" in response, !labelled, `${url} answers ${JSON.stringify(answer)}`);
  }
}

function fileOf(cluster: LoadCluster, labelled: boolean): string {
  return join(cluster.folder, labelled ? "labelled.json" : "review.json");
}

async function startOurs(
  cluster: LoadCluster,
  { wrapper }: BenchOptions,
): Promise<Target & { readonly sharder: Sharder }> {
  const sharder = await cluster.startSharder(wrapper === undefined ? {} : { wrapper });
  return { url: sharder.webhook, pid: sharder.process.pid, sharder };
}

/** Starts the least that could answer admissions. */
async function startSpike({ folder }: LoadCluster): Promise<Target & AsyncDisposable> {
  const [port = 0] = freePorts(1);
  const script = fileURLToPath(new URL("spike.ts", import.meta.url));
  const command = [Deno.execPath(), "run", "--allow-net", "--allow-read", script, String(port), folder, "100"];
  const process = await Process.spawn("spike", command, {});
  await eventually("the spike listens", () => process.lines.some((line) => line.includes("Listening")));
  const url = `https://127.0.0.1:${port}/`;
  return { url, pid: process.pid, [Symbol.asyncDispose]: () => process[Symbol.asyncDispose]() };
}
