import type { Process } from "../../e2e/support/process.ts";
import type { LoadContext, Sample } from "../line.ts";
import type { LoadCluster, Sharder } from "../load_cluster.ts";
import { processStats } from "../process_stats.ts";
import { type ApiCounts, countOf, countsBetween, formatRequests, readApiCounts } from "./api_counts.ts";
import { type Settled, Tracker } from "./tracker.ts";

/** Resources whose writes are counted. */
const family: readonly string[] = ["secrets", "configmaps"];

/** A sharder and some of our shards at work, and what watches them. */
export interface Scene {
  readonly cluster: LoadCluster;
  readonly sharder: Sharder;
  /** Shards that run, by name. Whoever starts or ends one keeps it up to date. */
  readonly shards: Map<string, Process>;
  readonly tracker: Tracker;
}

/** Starts a sharder and shards on a cluster and waits until Secrets are assigned; the caller disposes of the tracker. */
export async function startScene(cluster: LoadCluster, names: readonly string[], signal: AbortSignal): Promise<Scene> {
  const sharder = await cluster.startSharder();
  const shards = new Map<string, Process>();
  for (const name of names) shards.set(name, await cluster.startShard(name));
  await cluster.whenAvailable(names.length, signal);
  await cluster.whenAssigning(signal);
  return { cluster, sharder, shards, tracker: await Tracker.start(cluster.client, cluster.ring) };
}

/** What happened in a step. */
export interface Step extends Settled {
  /** When the step began, in milliseconds of `performance.now()`. */
  readonly begin: number;
  /** Seconds from the beginning of the step to the last label change. */
  readonly seconds: number;
  /** Requests to the API server meanwhile. */
  readonly counts: ApiCounts;
  /** Seconds of CPU of the sharder, and of all shards that ran from beginning to end. */
  readonly sharderCpu: number;
  readonly shardCpu: number;
}

/**
 * Does something with the shards and waits until all objects are in place again.
 * @param act begins the step: what it returns is the moment from which it counts, by default that of its call
 */
export async function step(
  scene: Scene,
  act: () => Promise<number | void>,
  signal: AbortSignal,
  within?: number,
): Promise<Step> {
  const { cluster, sharder, shards, tracker } = scene;
  const before = await readApiCounts(cluster.client, signal);
  const sharderBefore = (await processStats(sharder.process.pid)).cpu;
  const shardsBefore = await cpuOf(shards);
  const called = tracker.begin();
  const begin = await act() ?? called;
  const settled = await tracker.settled([...shards.keys()], signal, within);
  const sharderCpu = (await processStats(sharder.process.pid)).cpu - sharderBefore;
  const shardsAfter = await cpuOf(shards);
  const stayed = [...shardsAfter].filter(([name]) => shardsBefore.has(name));
  const shardCpu = stayed.reduce((sum, [name, cpu]) => sum + cpu - (shardsBefore.get(name) ?? 0), 0);
  const counts = countsBetween(before, await readApiCounts(cluster.client, signal));
  return { ...settled, begin, seconds: (settled.at - begin) / 1_000, counts, sharderCpu, shardCpu };
}

/** Figures of a membership change, per moved family where they are writes. */
export function* stepSamples(id: string, step: Step): Generator<Sample> {
  const { moved, moves, counts, firstMove, begin, seconds, longestApart, longestUnassigned } = step;
  const families = Math.max(moved.secret, 1);
  const patches = countOf(counts, { verbs: ["PATCH", "APPLY"], resources: family });
  const refused = countOf(counts, { verbs: ["POST", "PATCH", "APPLY"], resources: family, code: 409 });
  yield { id: `${id}/seconds`, value: seconds };
  yield { id: `${id}/first-move`, value: ((firstMove ?? NaN) - begin) / 1_000 };
  yield { id: `${id}/moved`, value: moved.secret };
  const objects = Math.max(moved.secret + moved.configMap, 1);
  yield { id: `${id}/changes`, value: (moves.secret + moves.configMap) / objects };
  yield { id: `${id}/patches`, value: patches / families };
  yield { id: `${id}/refused`, value: refused / families };
  yield { id: `${id}/admissions`, value: counts.admissions / families };
  yield { id: `${id}/apart`, value: longestApart / 1_000 };
  yield { id: `${id}/unassigned`, value: longestUnassigned / 1_000 };
  yield { id: `${id}/sharder-cpu`, value: step.sharderCpu };
  yield { id: `${id}/shard-cpu`, value: step.shardCpu };
}

/** Tells people what the requests of a step were. */
export function noteStep({ note }: LoadContext, what: string, { seconds, moved, counts, drains }: Step): void {
  const writes = formatRequests(counts, family);
  note(
    `  ${what}: ${seconds.toFixed(1)} s, moved ${moved.secret} + ${moved.configMap}, ${drains} drains; ${writes}; ` +
      `${counts.admissions} admissions`,
  );
}

async function cpuOf(shards: ReadonlyMap<string, Process>): Promise<Map<string, number>> {
  const all = await Promise.all([...shards].map(async ([name, { pid }]): Promise<[string, number]> => {
    return [name, (await processStats(pid)).cpu];
  }));
  return new Map(all);
}
