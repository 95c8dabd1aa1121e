import { shardLabel } from "../../../lib/sharding/names.ts";
import { sleep, systemClock } from "../../../lib/util/clock/mod.ts";
import { eventually } from "../../controlplane/processes.ts";
import type { Process } from "../../e2e/support/process.ts";
import { secretOf } from "../create.ts";
import type { Figure, Line, LoadContext, Sample } from "../line.ts";
import type { LoadCluster } from "../load_cluster.ts";
import { processStats } from "../process_stats.ts";
import { Tracker } from "../passes/tracker.ts";

const shard = "s-1";

/** Families in the cache, one after the other. */
const sizes = [1_000, 5_000, 20_000] as const;

/** What the reference's shard needs for a Secret and its ConfigMap, by section 6 of its measured anchors. */
const referenceBytes = 8_000;

function sizeFigures(size: number): Figure[] {
  const what = `shard with ${size.toLocaleString("en")} Secrets + ConfigMaps`;
  return [
    { id: `${size}/rate`, what: `${what}: reconciles that write`, unit: "/s", better: "more" },
    { id: `${size}/cpu`, what: `${what}: CPU per reconcile that writes`, unit: "ms", better: "less" },
    { id: `${size}/after`, what: `${what}: RSS after these`, unit: "MB", better: "less" },
    { id: `${size}/fresh`, what: `${what}: RSS after a restart`, unit: "MB", better: "less" },
    { id: `${size}/start`, what: `${what}: CPU of a start, per family`, unit: "ms", better: "less" },
    {
      id: `${size}/bytes`,
      what: `${what}: bytes per family above the base`,
      unit: "",
      better: "less",
      reference: { median: referenceBytes },
      target: { most: referenceBytes },
    },
  ];
}

/** What one shard needs. */
export const shardLine: Line = {
  name: "shard",
  measures: "memory of a shard by the objects in its cache, and its reconciles per second",
  figures: [
    {
      id: "base",
      what: "shard without objects: RSS",
      unit: "MB",
      better: "less",
      reference: { median: 38.4 },
    },
    ...sizes.flatMap(sizeFigures),
    {
      id: "slope",
      what: "bytes per family from the smallest to the largest cache",
      unit: "",
      better: "less",
      reference: { median: referenceBytes },
      target: { most: referenceBytes },
    },
  ],

  async *run(context: LoadContext, signal: AbortSignal): AsyncGenerator<Sample> {
    for (let run = 0; run < context.runs; run++) yield* measure(context, signal);
  },
};

async function* measure(context: LoadContext, signal: AbortSignal): AsyncGenerator<Sample> {
  await using cluster = await context.startCluster();
  await cluster.startSharder();
  await using tracker = await Tracker.start(cluster.client, cluster.ring);
  const rest = context.quick ? 500 : 5_000;
  const base = await restarted(cluster, rest, signal);
  yield { id: "base", value: base.resident };
  let created = 0;
  const points: { readonly count: number; readonly resident: number }[] = [];
  for (const size of sizes) {
    const count = context.quick ? size / 20 : size;
    await createAssigned(cluster, created, count, signal);
    await eventually("the tracker has seen all", () => tracker.book.counts().secret === count, 60_000);

    const begin = performance.now();
    const process = await cluster.startShard(shard);
    await eventually("the first ConfigMap", () => tracker.book.counts().configMap > created);
    const first = performance.now();
    const { cpu: startCpu } = await processStats(process.pid);
    await eventually("all ConfigMaps", () => tracker.book.counts().configMap === count, 120_000);
    const seconds = (performance.now() - first) / 1_000;
    const { cpu } = await processStats(process.pid);
    await sleep(systemClock, rest, signal);
    const { resident } = await processStats(process.pid);
    await process.stop();
    context.note(
      `  ${count - created} ConfigMaps in ${seconds.toFixed(1)} s, the first ${
        (first - begin).toFixed(0)
      } ms after the start`,
    );
    yield { id: `${size}/rate`, value: (count - created) / seconds };
    yield { id: `${size}/cpu`, value: 1_000 * (cpu - startCpu) / (count - created) };
    yield { id: `${size}/after`, value: resident };

    const fresh = await restarted(cluster, rest, signal);
    yield { id: `${size}/fresh`, value: fresh.resident };
    yield { id: `${size}/start`, value: 1_000 * (fresh.cpu - base.cpu) / count };
    yield { id: `${size}/bytes`, value: 1e6 * (fresh.resident - base.resident) / count };
    points.push({ count, resident: fresh.resident });
    created = count;
  }
  const [smallest, largest] = [points.at(0), points.at(-1)];
  if (smallest === undefined || largest === undefined) return;
  yield {
    id: "slope",
    value: 1e6 * (largest.resident - smallest.resident) / (largest.count - smallest.count),
  };
}

/** Starts the shard, lets it rest with all its objects in the cache, and stops it. */
async function restarted(
  cluster: LoadCluster,
  rest: number,
  signal: AbortSignal,
): Promise<{ readonly resident: number; readonly cpu: number }> {
  const process: Process = await cluster.startShard(shard);
  await cluster.whenAvailable(1, signal);
  await sleep(systemClock, rest, signal);
  const { resident, cpu } = await processStats(process.pid);
  await process.stop();
  return { resident, cpu };
}

/** Creates Secrets that are this shard's already, so that the first start finds all of them at once. */
async function createAssigned(cluster: LoadCluster, from: number, to: number, signal: AbortSignal): Promise<void> {
  const labels = { [shardLabel(cluster.ring)]: shard };
  await cluster.create({
    path: "/api/v1/namespaces/default/secrets",
    count: to - from,
    concurrency: 20,
    object: (index) => secretOf(`load-${from + index}`, labels),
    signal,
  });
}
