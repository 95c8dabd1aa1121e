import { shardLabel } from "../../../lib/sharding/names.ts";
import { sleep, systemClock } from "../../../lib/util/clock/mod.ts";
import { eventually } from "../../controlplane/processes.ts";
import { ApiConnection } from "../api_connection.ts";
import { secretOf } from "../create.ts";
import type { Figure, Line, LoadContext, Sample } from "../line.ts";
import type { LoadCluster } from "../load_cluster.ts";
import { cpuMeter, processStats } from "../process_stats.ts";
import { paced } from "../passes/paced.ts";
import { SelectorWatches } from "../passes/selector_watches.ts";

/** Open watches at a time. Those that get no event cost so little that it takes many of them to see it. */
const counts = { idle: [0, 10, 50, 100, 400], other: [0, 10, 50, 100, 400], matching: [0, 10, 50, 100] } as const;

/** Which objects are written while the watches are open. */
type Writes = "idle" | "matching" | "other";
const kinds: readonly Writes[] = ["idle", "other", "matching"];

const perSecond = 100;
/** Secrets that are written in turn, of each kind. */
const objects = 100;

const descriptions: Readonly<Record<Writes, string>> = {
  idle: "idle",
  other: "100 writes/s of objects that they do not select",
  matching: "100 writes/s of objects that all of them select",
};

function figuresOf(writes: Writes): Figure[] {
  const what = descriptions[writes];
  return [
    ...counts[writes].map((count): Figure => ({
      id: `${writes}/${count}`,
      what: `${count} selector watches, ${what}: CPU of the API server`,
      unit: "ms/s",
      better: "less",
    })),
    { id: `${writes}/each`, what: `each selector watch, ${what}`, unit: "ms/s", better: "less" },
  ];
}

/** What the leader's watches cost the API server. */
export const selectorWatchesLine: Line = {
  name: "selector-watches",
  measures: "CPU of the API server for open selector watches such as the leader has per ring and resource",
  figures: [
    ...kinds.flatMap(figuresOf),
    { id: "memory", what: "memory of the API server per selector watch", unit: "kB", better: "less" },
    {
      id: "limit",
      what: "selector watches of which 100 other writes/s cost a tenth of a core",
      unit: "",
      better: "more",
    },
  ],

  async *run(context: LoadContext, signal: AbortSignal): AsyncGenerator<Sample> {
    await using cluster = await context.startCluster();
    for (const [prefix, label] of [["matching", undefined], ["other", "s-1"]] as const) {
      await cluster.create({
        path: "/api/v1/namespaces/default/secrets",
        count: objects,
        concurrency: 5,
        object: (index) =>
          secretOf(`${prefix}-${index}`, label === undefined ? undefined : { [shardLabel("r")]: label }),
        signal,
      });
    }
    // The first seconds of a server's life cost it more than others.
    if (!context.quick) await write(cluster, "other", 5, signal);
    for (let run = 0; run < context.runs; run++) yield* measure(cluster, context, signal);
  },
};

async function* measure(cluster: LoadCluster, context: LoadContext, signal: AbortSignal): AsyncGenerator<Sample> {
  const { pids: { "kube-apiserver": pid = 0 } } = cluster.controlPlane;
  const seconds = context.quick ? 1 : 6;
  const points: Record<Writes, Point[]> = { idle: [], other: [], matching: [] };
  let memory = NaN;
  for (const count of counts.other) {
    const resident = (await processStats(pid)).resident;
    const resourceVersion = await latestVersion(cluster);
    await using watches = await SelectorWatches.open(cluster.client, count, selectorOf, resourceVersion);
    // What opening them costs does not count.
    await sleep(systemClock, context.quick ? 100 : 1_000, signal);
    memory = 1_000 * ((await processStats(pid)).resident - resident) / count;
    for (const writes of kinds) {
      if (!counts[writes].some((one) => one === count)) continue;
      const before = watches.events;
      const used = await cpuMeter(pid);
      const begin = performance.now();
      const written = await write(cluster, writes, seconds, signal);
      const milliseconds = 1_000 * await used() / ((performance.now() - begin) / 1_000);
      const expected = writes === "matching" ? written * count : 0;
      await eventually(`${count} watches get ${expected} events`, () => watches.events - before >= expected);
      // Bookmarks are lines too, one a minute at most for each watch.
      if (watches.events - before > expected + 2 * count) throw new Error(`${count} watches get more than they select`);
      points[writes].push({ count, milliseconds });
      yield { id: `${writes}/${count}`, value: milliseconds };
    }
  }
  for (const writes of kinds) yield { id: `${writes}/each`, value: slope(points[writes]) };
  yield { id: "memory", value: memory };
  yield { id: "limit", value: 100 / slope(points.other) };
}

interface Point {
  readonly count: number;
  readonly milliseconds: number;
}

/** What one more watch costs: the slope of the straight line that fits best (least squares). */
function slope(points: readonly Point[]): number {
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const x = mean(points.map(({ count }) => count));
  const y = mean(points.map(({ milliseconds }) => milliseconds));
  const products = points.map(({ count, milliseconds }) => (count - x) * (milliseconds - y));
  return mean(products) / mean(points.map(({ count }) => (count - x) ** 2));
}

/** Writes objects at the steady rate, or waits as long. @returns how many writes there were. */
async function write(cluster: LoadCluster, writes: Writes, seconds: number, signal: AbortSignal): Promise<number> {
  if (writes === "idle") {
    await sleep(systemClock, 1_000 * seconds, signal);
    return 0;
  }
  const concurrency = 4;
  using stack = new globalThis.DisposableStack();
  const connections: ApiConnection[] = [];
  for (let index = 0; index < concurrency; index++) {
    connections.push(stack.use(await ApiConnection.open(cluster.server)));
  }
  return await paced({ perSecond, seconds, concurrency, signal }, async (index, worker) => {
    const path = `/api/v1/namespaces/default/secrets/${writes}-${index % objects}`;
    const body = JSON.stringify({ metadata: { annotations: { written: `${performance.now()}` } } });
    const answer = await connections[worker]?.request("PATCH", path, body, "application/merge-patch+json");
    if (answer?.status !== 200) throw new Error(`PATCH ${path}: ${answer?.status} ${answer?.body}`);
  });
}

/** The leader's selector for objects without a live owner; each is another one, as those of different rings are. */
function selectorOf(index: number): string {
  return `${shardLabel("r")} notin (s-1,s-2,s-3,t-${index})`;
}

/** The version of the collection now. */
async function latestVersion(cluster: LoadCluster): Promise<string> {
  const list = await cluster.client.performRequest({
    method: "GET",
    path: "/api/v1/secrets",
    querystring: new URLSearchParams({ limit: "1" }),
    expectJson: true,
  });
  return /"resourceVersion":"(\d+)"/.exec(JSON.stringify(list))?.[1] ?? "0";
}
