import { sleep, systemClock } from "../../../lib/util/clock/mod.ts";
import type { Process } from "../../e2e/support/process.ts";
import { eventually } from "../../controlplane/processes.ts";
import type { Figure, Line, LoadContext, Range, Sample } from "../line.ts";
import { processStats, resetPeak } from "../process_stats.ts";
import { countOf } from "../passes/api_counts.ts";
import { noteStep, type Scene, startScene, step } from "../passes/scene.ts";

const before = ["old-1", "old-2", "old-3"];
const after = ["new-1", "new-2", "new-3"];

/** Pause between two steps of a quick update, in milliseconds. */
const quickPause = 2_000;

/** With a pause that is too short for the moves to end, or as soon as all is in place after each step. */
type Manner = "quick" | "settled";

interface Reference {
  readonly secretMoves: Range;
  readonly configMapMoves: Range;
  readonly again: Range;
  readonly drains: Range;
  readonly seconds: Range;
  readonly patches: Range;
  readonly refused: Range;
  readonly apart: Range;
  readonly cpu: Range;
}

const references: Readonly<Record<Manner, Reference>> = {
  quick: {
    secretMoves: { median: 1.23, lowest: 1.2, highest: 1.25 },
    configMapMoves: { median: 1.17, lowest: 1.16, highest: 1.22 },
    again: { median: 645, lowest: 582, highest: 693 },
    drains: { median: 1_317, lowest: 1_312, highest: 1_348 },
    seconds: { median: 13.3, lowest: 13.2, highest: 14.7 },
    patches: { median: 9_092, lowest: 8_938, highest: 9_308 },
    refused: { median: 100, lowest: 78, highest: 104 },
    apart: { median: 10.8, lowest: 10.6, highest: 11.2 },
    cpu: { median: 5, lowest: 4.9, highest: 5.3 },
  },
  settled: {
    secretMoves: { median: 1.49 },
    configMapMoves: { median: 1.49 },
    again: { median: 1_284 },
    drains: { median: 2_241 },
    seconds: { median: 16 },
    patches: { median: 11_719 },
    refused: { median: 298 },
    apart: { median: 3.4 },
    cpu: { median: 6.2 },
  },
};

const mostMoves = { quick: 1.1, settled: 1.25 } as const;

function figuresOf(manner: Manner): Figure[] {
  const reference = references[manner];
  const what = `rolling update, ${manner}`;
  const target = { most: mostMoves[manner] };
  return [
    {
      id: `${manner}/secret-moves`,
      what: `${what}: moves per Secret`,
      unit: "",
      better: "less",
      reference: reference.secretMoves,
      target,
    },
    {
      id: `${manner}/configmap-moves`,
      what: `${what}: moves per ConfigMap`,
      unit: "",
      better: "less",
      reference: reference.configMapMoves,
      target,
    },
    {
      id: `${manner}/again`,
      what: `${what}: Secrets moved twice or more`,
      unit: "",
      better: "less",
      reference: reference.again,
    },
    { id: `${manner}/drains`, what: `${what}: drains`, unit: "", better: "less", reference: reference.drains },
    {
      id: `${manner}/seconds`,
      what: `${what}: until all is in place`,
      unit: "s",
      better: "less",
      reference: reference.seconds,
    },
    {
      id: `${manner}/patches`,
      what: `${what}: patches that succeeded`,
      unit: "",
      better: "less",
      reference: reference.patches,
    },
    {
      id: `${manner}/refused`,
      what: `${what}: patches and creates that were refused (409, 422)`,
      unit: "",
      better: "less",
      reference: reference.refused,
    },
    {
      id: `${manner}/apart`,
      what: `${what}: longest on different shards`,
      unit: "s",
      better: "less",
      reference: reference.apart,
      target: { most: 1 },
    },
    {
      id: `${manner}/sharder-cpu`,
      what: `${what}: CPU of the sharder from creation on`,
      unit: "s",
      better: "less",
      reference: reference.cpu,
    },
    { id: `${manner}/peak`, what: `${what}: peak RSS of the sharder`, unit: "MB", better: "less" },
  ];
}

/** Three shards are replaced by three others, as a Deployment does. */
export const rollingUpdateLine: Line = {
  name: "rolling-update",
  measures: "3,000 Secrets + ConfigMaps: three shards are replaced one after the other",
  figures: [...figuresOf("quick"), ...figuresOf("settled")],

  async *run(context: LoadContext, signal: AbortSignal): AsyncGenerator<Sample> {
    for (let run = 0; run < context.runs; run++) {
      yield* update(context, "quick", signal);
      if (!context.quick) yield* update(context, "settled", signal);
    }
  },
};

async function* update(context: LoadContext, manner: Manner, signal: AbortSignal): AsyncGenerator<Sample> {
  const count = context.quick ? 150 : 3_000;
  await using cluster = await context.startCluster();
  const scene = await startScene(cluster, before, signal);
  await using _tracker = scene.tracker;
  const { pid } = scene.sharder.process;
  await resetPeak(pid);
  const { cpu } = await processStats(pid);
  await cluster.createSecrets({ prefix: "load", count, concurrency: 20, signal });
  await eventually("all have a ConfigMap", () => scene.tracker.book.counts().configMap === count, 60_000);
  await scene.tracker.settled(before, signal);

  const ended: Process[] = [];
  const all = await step(scene, async () => {
    const begin = performance.now();
    for (const [index, name] of after.entries()) {
      if (index > 0 && manner === "quick") await sleep(systemClock, quickPause, signal);
      ended.push(...await replace(scene, before[index] ?? "", name));
      if (manner === "settled") await scene.tracker.settled([...scene.shards.keys()], signal);
    }
    return begin;
  }, signal);
  for (const process of ended) await process.ended();
  noteStep(context, manner, all);

  const { moves, movedAgain, drains, seconds, longestApart, counts } = all;
  const written = { verbs: ["PATCH", "APPLY"], resources: ["secrets", "configmaps"] };
  const refused = [409, 422].reduce((sum, code) => sum + countOf(counts, { ...written, code }), 0);
  const refusedCreates = countOf(counts, { verbs: ["POST"], resources: ["configmaps"], code: 409 });
  yield { id: `${manner}/secret-moves`, value: moves.secret / count };
  yield { id: `${manner}/configmap-moves`, value: moves.configMap / count };
  yield { id: `${manner}/again`, value: movedAgain };
  yield { id: `${manner}/drains`, value: drains };
  yield { id: `${manner}/seconds`, value: seconds };
  yield { id: `${manner}/patches`, value: countOf(counts, { ...written, code: 200 }) };
  yield { id: `${manner}/refused`, value: refused + refusedCreates };
  yield { id: `${manner}/apart`, value: longestApart / 1_000 };
  const stats = await processStats(pid);
  yield { id: `${manner}/sharder-cpu`, value: stats.cpu - cpu };
  yield { id: `${manner}/peak`, value: stats.peak };
}

/** Starts a new shard, and asks an old one to end once the new one has its Lease. @returns who ends */
async function replace(scene: Scene, old: string, name: string): Promise<Process[]> {
  scene.shards.set(name, await scene.cluster.startShard(name));
  await eventually(`${name} has its Lease`, () => scene.tracker.leases.has(name));
  const leaving = scene.shards.get(old);
  scene.shards.delete(old);
  leaving?.signal("SIGTERM");
  return leaving === undefined ? [] : [leaving];
}
