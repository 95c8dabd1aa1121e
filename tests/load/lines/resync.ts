import { Api } from "../../../lib/k8s/api/api.ts";
import { leases } from "../../../lib/k8s/kinds/coordination.ts";
import { controllerRings } from "../../../lib/sharding/ring_types.ts";
import { sleep, systemClock } from "../../../lib/util/clock/mod.ts";
import { freePorts } from "../../controlplane/ports.ts";
import { eventually } from "../../controlplane/processes.ts";
import { loadServer } from "../h2load.ts";
import type { Figure, Line, LoadContext, Range, Sample } from "../line.ts";
import type { LoadCluster, Sharder } from "../load_cluster.ts";
import { cpuMeter, processStats, resetPeak } from "../process_stats.ts";
import { reviewOf } from "../review.ts";
import { type PassMetrics, readPassMetrics } from "../passes/pass_metrics.ts";
import { Tracker } from "../passes/tracker.ts";

const shards = ["s-1", "s-2", "s-3"];
/** Released in the end; has 33 % of the objects. */
const released = "s-2";

/** Time between two looks whether a resync has ended, in milliseconds. */
const lookInterval = 2_000;

/** Admissions in a second while the sharder is busy, on 4 connections: what API servers ask of a large ring. */
const perSecond = 200;

interface SizeReference {
  readonly seconds: Range;
  readonly cpu: Range;
  readonly growth: number;
  readonly mostGrowth: number;
}

const sizes: readonly (readonly [string, number, SizeReference])[] = [
  ["10k", 10_000, {
    seconds: { median: 0.08, lowest: 0.06, highest: 0.11 },
    cpu: { median: 0.05, lowest: 0.04, highest: 0.08 },
    growth: 35,
    mostGrowth: 15,
  }],
  ["50k", 50_000, {
    seconds: { median: 0.37, lowest: 0.31, highest: 0.63 },
    cpu: { median: 0.23, lowest: 0.23, highest: 0.23 },
    growth: 150,
    mostGrowth: 20,
  }],
];

function sizeFigures(id: string, count: number, reference: SizeReference): Figure[] {
  const what = `${count.toLocaleString("en")} Secrets`;
  const less = "less" as const;
  return [
    {
      id: `${id}/rest`,
      what: `${what}: RSS of the sharder at rest`,
      unit: "MB",
      better: less,
      reference: { median: id === "10k" ? 54 : 55 },
      target: { most: 80 },
    },
    {
      id: `${id}/seconds`,
      what: `${what}: resync, nothing to move`,
      unit: "s",
      better: less,
      reference: reference.seconds,
    },
    {
      id: `${id}/cpu`,
      what: `${what}: CPU of it`,
      unit: "s",
      better: less,
      reference: reference.cpu,
      ...id === "50k" ? { target: { most: 0.4 } } : {},
    },
    {
      id: `${id}/growth`,
      what: `${what}: RSS at its peak, above rest`,
      unit: "MB",
      better: less,
      reference: { median: reference.growth },
      target: { most: reference.mostGrowth },
    },
  ];
}

/** Passes over everything. */
export const resyncLine: Line = {
  name: "resync",
  measures: "passes over 10,000 and 50,000 Secrets, with nothing and with a third to move",
  figures: [
    ...sizes.flatMap(([id, count, reference]) => sizeFigures(id, count, reference)),
    {
      id: "admission/idle",
      what: "50,000 Secrets: p99 of 200 admissions/s without resyncs",
      unit: "ms",
      better: "less",
    },
    {
      id: "admission/busy",
      what: "50,000 Secrets: p99 of 200 admissions/s during resyncs",
      unit: "ms",
      better: "less",
      target: { most: 10 },
    },
    {
      id: "move/seconds",
      what: "a third of 50,000 moves: until all is in place",
      unit: "s",
      better: "less",
      reference: { median: 19.2 },
    },
    {
      id: "move/cpu",
      what: "a third of 50,000 moves: CPU of the sharder",
      unit: "s",
      better: "less",
      reference: { median: 8.6 },
      target: { most: 4 },
    },
    {
      id: "move/cpu-per-move",
      what: "a third of 50,000 moves: CPU per move",
      unit: "ms",
      better: "less",
      reference: { median: 0.516 },
    },
    {
      id: "move/peak",
      what: "a third of 50,000 moves: peak RSS",
      unit: "MB",
      better: "less",
      reference: { median: 191 },
    },
    {
      id: "move/after",
      what: "RSS of the sharder 10 s later",
      unit: "MB",
      better: "less",
      reference: { median: 178 },
    },
  ],

  async *run(context: LoadContext, signal: AbortSignal): AsyncGenerator<Sample> {
    for (let run = 0; run < context.runs; run++) yield* measure(context, signal);
  },
};

async function* measure(context: LoadContext, signal: AbortSignal): AsyncGenerator<Sample> {
  await using cluster = await context.startCluster();
  const [metrics = 0] = freePorts(1);
  // The periodic audit is out of the way: a resync is what this asks for.
  const settings = {
    metrics: { bindAddress: `127.0.0.1:${metrics}` },
    controller: { sharder: { syncPeriod: "0s" } },
  };
  const sharder = await cluster.startSharder({ settings });
  await cluster.createFakeShards(shards);
  await cluster.whenAvailable(shards.length, signal);
  await cluster.whenAssigning(signal);
  const resyncs = new Resyncs(cluster, sharder, metrics, signal);

  let created = 0;
  for (const [id, size] of sizes) {
    const count = context.quick ? size / 50 : size;
    await cluster.createSecrets({ prefix: id, count: count - created, concurrency: 20, signal });
    created = count;
    await sleep(systemClock, context.quick ? 1_000 : 12_000, signal);
    const rest = (await processStats(sharder.process.pid)).resident;
    yield { id: `${id}/rest`, value: rest };
    await resetPeak(sharder.process.pid);
    for (let index = 0; index < (context.quick ? 1 : 3); index++) {
      const { seconds, cpu } = await resyncs.one();
      context.note(`  resync of ${count}: ${seconds.toFixed(3)} s, CPU ${cpu.toFixed(2)} s`);
      yield { id: `${id}/seconds`, value: seconds };
      yield { id: `${id}/cpu`, value: cpu };
    }
    yield { id: `${id}/growth`, value: (await processStats(sharder.process.pid)).peak - rest };
  }
  yield { id: "admission/idle", value: await admissionP99(cluster, sharder, context, signal) };
  yield { id: "admission/busy", value: await resyncs.during(() => admissionP99(cluster, sharder, context, signal)) };
  yield* moveThird(cluster, sharder, context, signal);
}

/** Passes over everything that a change of the ring makes necessary, although it selects what it did before. */
class Resyncs {
  readonly #cluster: LoadCluster;
  readonly #sharder: Sharder;
  readonly #metrics: number;
  readonly #signal: AbortSignal;
  #changes = 0;

  constructor(cluster: LoadCluster, sharder: Sharder, metrics: number, signal: AbortSignal) {
    this.#cluster = cluster;
    this.#sharder = sharder;
    this.#metrics = metrics;
    this.#signal = signal;
  }

  /** One resync: the seconds that it took, and its CPU beyond that of an idle sharder. */
  async one(): Promise<{ readonly seconds: number; readonly cpu: number }> {
    const idle = await this.#measured(async () => {}, 0);
    const busy = await this.#measured(() => this.#ask(), 1);
    return { seconds: busy.seconds, cpu: busy.cpu - idle.cpu * busy.elapsed / idle.elapsed };
  }

  /** Asks for resyncs again and again while something else goes on. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    let ended = false;
    const asking = (async () => {
      while (!ended) {
        await this.#ask();
        await sleep(systemClock, 500, this.#signal);
      }
    })();
    try {
      return await work();
    } finally {
      ended = true;
      await asking;
    }
  }

  /** CPU and passes while something is done, until there were so many passes and nothing follows. */
  async #measured(
    work: () => Promise<void>,
    passes: number,
  ): Promise<PassMetrics & { readonly cpu: number; readonly elapsed: number }> {
    const before = await this.#passes();
    const used = await cpuMeter(this.#sharder.process.pid);
    const begin = performance.now();
    await work();
    let after: PassMetrics;
    do {
      await sleep(systemClock, lookInterval, this.#signal);
      after = await this.#passes();
    } while (after.count - before.count < passes);
    const [cpu, elapsed] = [await used(), performance.now() - begin];
    const count = after.count - before.count;
    if (count !== passes) throw new Error(`there were ${count} resyncs where ${passes} were expected`);
    return { count, seconds: after.seconds - before.seconds, cpu, elapsed };
  }

  async #passes(): Promise<PassMetrics> {
    return await readPassMetrics(this.#metrics, this.#cluster.server.token, "all");
  }

  async #ask(): Promise<void> {
    const rings = new Api(this.#cluster.client, controllerRings);
    const key = "kubernetes.io/metadata.name";
    const namespaceSelector = this.#changes++ % 2 === 0
      ? { matchLabels: null, matchExpressions: [{ key, operator: "In", values: ["default"] }] }
      : { matchLabels: { [key]: "default" }, matchExpressions: null };
    await rings.patch(this.#cluster.ring, { type: "merge", patch: { spec: { namespaceSelector } } });
  }
}

async function admissionP99(
  cluster: LoadCluster,
  sharder: Sharder,
  context: LoadContext,
  signal: AbortSignal,
): Promise<number> {
  const body = `${cluster.folder}/review.json`;
  await Deno.writeTextFile(body, reviewOf());
  const { webhook: url, process: { pid } } = sharder;
  const seconds = context.quick ? 2 : 8;
  const options = { url, body, connections: 4, perSecond, seconds, pid, folder: cluster.folder, signal };
  return (await loadServer(options)).p99;
}

async function* moveThird(
  cluster: LoadCluster,
  sharder: Sharder,
  context: LoadContext,
  signal: AbortSignal,
): AsyncGenerator<Sample> {
  await using tracker = await Tracker.start(cluster.client, cluster.ring);
  await tracker.settled(shards, signal);
  const { pid } = sharder.process;
  await resetPeak(pid);
  const used = await cpuMeter(pid);
  const begin = tracker.begin();
  // The Lease lasts long, as nobody renews it: its shard goes by giving it back.
  const patch = { spec: { holderIdentity: "" } };
  await new Api(cluster.client, leases, { namespace: "default" }).patch(released, { type: "merge", patch });
  await eventually("the first Secret moves", () => tracker.book.figures(0).firstMove !== undefined, 60_000);
  const { at, moves } = await tracker.settled(shards.filter((name) => name !== released), signal);
  const cpu = await used();
  context.note(`  ${moves.secret} moved`);
  yield { id: "move/seconds", value: (at - begin) / 1_000 };
  yield { id: "move/cpu", value: cpu };
  yield { id: "move/cpu-per-move", value: 1_000 * cpu / moves.secret };
  yield { id: "move/peak", value: (await processStats(pid)).peak };
  await sleep(systemClock, context.quick ? 0 : 10_000, signal);
  yield { id: "move/after", value: (await processStats(pid)).resident };
}
