import { Api } from "../../../lib/k8s/api/api.ts";
import { namespaces, secrets } from "../../../lib/k8s/kinds/core.ts";
import { sleep, systemClock } from "../../../lib/util/clock/mod.ts";
import { formatMicroTime } from "../../../lib/util/micro_time.ts";
import { ApiConnection } from "../api_connection.ts";
import type { Figure, Line, LoadContext, Sample } from "../line.ts";
import type { LoadCluster } from "../load_cluster.ts";
import { paced } from "../passes/paced.ts";
import { cpuMeter, processStats } from "../process_stats.ts";

const objects = 10_000;

/** Leases renewed in a second: those of 200 shards. */
const renewals = 100;

const many = { shards: 500, namespaces: 2_000 } as const;

const figures: readonly Figure[] = [
  { id: "write", what: "API server and etcd: CPU per created Secret, no webhook", unit: "ms", better: "less" },
  { id: "listed", what: "API server: CPU per Secret of a list of metadata", unit: "ms", better: "less" },
  { id: "renewal", what: "sharder: CPU per renewed Lease of a shard", unit: "ms", better: "less" },
  { id: "shard-memory", what: "sharder: memory per shard", unit: "kB", better: "less" },
  { id: "namespace-memory", what: "sharder: memory per namespace", unit: "kB", better: "less" },
];

/** What the model of `scale` needs beside the other lines. */
export const costsLine: Line = {
  name: "costs",
  measures: "what single writes, lists, renewals, shards and namespaces cost, for the model of docs/scaling.md",
  figures,

  async *run(context: LoadContext, signal: AbortSignal): AsyncGenerator<Sample> {
    for (let run = 0; run < context.runs; run++) {
      yield* ofApiServer(context, signal);
      yield* ofSharder(context, signal);
    }
  },
};

async function* ofApiServer(context: LoadContext, signal: AbortSignal): AsyncGenerator<Sample> {
  await using cluster = await context.startCluster();
  const { "kube-apiserver": server = 0, etcd = 0 } = cluster.controlPlane.pids;
  const count = context.quick ? objects / 20 : objects;
  const used = [await cpuMeter(server), await cpuMeter(etcd)];
  await cluster.createSecrets({ prefix: "cost", count, concurrency: 20, signal });
  const [ofServer = NaN, ofEtcd = NaN] = await Promise.all(used.map((stop) => stop()));
  yield { id: "write", value: 1_000 * (ofServer + ofEtcd) / count };

  // As passes read them: metadata, page by page.
  const api = new Api(cluster.client, secrets).asMetadata();
  const rounds = context.quick ? 1 : 5;
  const usedByLists = await cpuMeter(server);
  let listed = 0;
  for (let round = 0; round < rounds; round++) {
    for await (const { items } of api.pages({ signal })) listed += items.length;
  }
  if (listed < rounds * count) throw new Error(`${rounds} lists have ${listed} of ${rounds * count} Secrets`);
  yield { id: "listed", value: 1_000 * await usedByLists() / listed };
}

async function* ofSharder(context: LoadContext, signal: AbortSignal): AsyncGenerator<Sample> {
  await using cluster = await context.startCluster();
  const names = Array.from({ length: 10 }, (_, index) => `cost-${index}`);
  await cluster.createFakeShards(names);
  const few = await resident(cluster, context, signal);
  yield { id: "renewal", value: await renewalCost(cluster, names, context, signal) };
  const all = Array.from({ length: many.shards }, (_, index) => `many-${index}`);
  await cluster.createFakeShards(all);
  const withShards = await resident(cluster, context, signal);
  yield { id: "shard-memory", value: 1_000 * (withShards - few) / many.shards };
  const api = new Api(cluster.client, namespaces);
  for (let index = 0; index < many.namespaces; index++) {
    signal.throwIfAborted();
    await api.create({ metadata: { name: `many-${index}` } });
  }
  const withNamespaces = await resident(cluster, context, signal);
  yield { id: "namespace-memory", value: 1_000 * (withNamespaces - withShards) / many.namespaces };
}

/** Memory of a fresh sharder at rest, in megabytes. */
async function resident(cluster: LoadCluster, context: LoadContext, signal: AbortSignal): Promise<number> {
  const { process } = await cluster.startSharder();
  await sleep(systemClock, context.quick ? 1_000 : 10_000, signal);
  const { resident } = await processStats(process.pid);
  await process.stop();
  return resident;
}

/** CPU of a sharder for each renewal that it hears of, in milliseconds. */
async function renewalCost(
  cluster: LoadCluster,
  names: readonly string[],
  context: LoadContext,
  signal: AbortSignal,
): Promise<number> {
  const { process } = await cluster.startSharder();
  const seconds = context.quick ? 2 : 10;
  // What follows a start is no rest.
  await sleep(systemClock, 500 * seconds, signal);
  const usedIdle = await cpuMeter(process.pid);
  await sleep(systemClock, 1_000 * seconds, signal);
  const idle = await usedIdle();
  using connection = await ApiConnection.open(cluster.server);
  const used = await cpuMeter(process.pid);
  const count = await paced({ perSecond: renewals, seconds, concurrency: 1, signal }, async (index) => {
    const path = `/apis/coordination.k8s.io/v1/namespaces/default/leases/${names[index % names.length]}`;
    const body = JSON.stringify({ spec: { renewTime: formatMicroTime(systemClock.now()) } });
    const { status } = await connection.request("PATCH", path, body, "application/merge-patch+json");
    if (status !== 200) throw new Error(`PATCH ${path}: ${status}`);
  });
  const busy = await used();
  await process.stop();
  return 1_000 * (busy - idle) / count;
}
