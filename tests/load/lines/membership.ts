import { eventually } from "../../controlplane/processes.ts";
import type { Figure, Line, LoadContext, Range, Sample, Target } from "../line.ts";
import { processStats, resetPeak } from "../process_stats.ts";
import { noteStep, type Scene, startScene, step, stepSamples } from "../passes/scene.ts";

/** Names that spread much as those of the reference's runs did: the fourth gets 2,459 of 10,000 (there 2,463). */
const names = ["s-1", "s-2", "s-3"];
const fourth = "s-4";
/** The one that is killed has 3,374 of 10,000 (there 3,584). */
const killed = "s-3";

/** What the reference did in a step, from section 6 of its measured anchors. */
interface StepReference {
  readonly seconds: Range;
  readonly firstMove: Range;
  readonly patches: number;
  readonly admissions: number;
  readonly apart: Range;
  readonly cpu: Range;
}

const references: Readonly<Record<"join" | "leave" | "crash", StepReference>> = {
  join: {
    seconds: { median: 11.9, lowest: 11.4, highest: 12 },
    firstMove: { median: 0.4, lowest: 0.4, highest: 0.6 },
    patches: 3,
    admissions: 2,
    apart: { median: 4.2, lowest: 3.9, highest: 4.5 },
    cpu: { median: 3.7, lowest: 3.4, highest: 3.7 },
  },
  leave: {
    seconds: { median: 9.3, lowest: 9.2, highest: 9.3 },
    firstMove: { median: 2.2, lowest: 2.1, highest: 2.3 },
    patches: 2,
    admissions: 2,
    apart: { median: 4.1, lowest: 4, highest: 4.2 },
    cpu: { median: 2.9, lowest: 2.8, highest: 3 },
  },
  crash: {
    seconds: { median: 39.2, lowest: 39.2, highest: 39.2 },
    firstMove: { median: 29.4, lowest: 28.6, highest: 29.5 },
    patches: 2,
    admissions: 2,
    apart: { median: 5.5, lowest: 5.1, highest: 6 },
    cpu: { median: 4.1, lowest: 4, highest: 4.4 },
  },
};

const targets = {
  join: { seconds: 8, patches: 3, admissions: 1 },
  leave: { seconds: 6, patches: 2, admissions: 0 },
  crash: { seconds: 25, patches: 2, admissions: 0 },
} as const;

/** Writes are counted by the API server: some of its own and of other controllers are among them. */
const leeway = 1.02;

function stepFigures(id: "join" | "leave" | "crash", what: string): Figure[] {
  const reference = references[id];
  const { seconds, patches, admissions } = targets[id];
  const figure = (
    name: string,
    of: string,
    unit: string,
    rest: { readonly reference?: Range; readonly target?: Target; readonly better?: "less" } = {},
  ): Figure => ({ id: `${id}/${name}`, what: `${what}: ${of}`, unit, ...rest });
  const less = "less" as const;
  return [
    figure("seconds", "until all is in place", "s", {
      reference: reference.seconds,
      target: { most: seconds },
      better: less,
    }),
    figure("first-move", "first move", "s", { reference: reference.firstMove, better: less }),
    figure("moved", "Secrets moved", "", {}),
    figure("changes", "label changes per moved object", "", { reference: { median: 1 }, better: less }),
    figure("patches", "patches per family", "", {
      reference: { median: reference.patches },
      target: { most: patches * leeway },
      better: less,
    }),
    figure("refused", "refused creates and patches (409) per family", "", {
      reference: { median: 1 },
      target: { most: leeway - 1 },
      better: less,
    }),
    figure("admissions", "admissions per family", "", {
      reference: { median: reference.admissions },
      target: { most: admissions + leeway - 1 },
      better: less,
    }),
    figure("apart", "longest on different shards", "s", {
      reference: reference.apart,
      target: { most: 1 },
      better: less,
    }),
    figure("unassigned", "longest without a shard", "s"),
    figure("sharder-cpu", "CPU of the sharder", "s", { reference: reference.cpu, better: less }),
    figure("shard-cpu", "CPU of the shards that stay", "s"),
  ];
}

/** Joins, leaves and crashes of real shards with 10,000 Secrets and their ConfigMaps. */
export const membershipLine: Line = {
  name: "membership",
  measures: "10,000 Secrets + ConfigMaps: a fourth shard joins, leaves, one of three is killed",
  figures: [
    {
      id: "create/rate",
      what: "10,000 creates with 3 shards reconciling",
      unit: "/s",
      better: "more",
      reference: { median: 554, lowest: 491, highest: 572 },
    },
    {
      id: "create/last",
      what: "last ConfigMap after the last create",
      unit: "s",
      better: "less",
      reference: { median: 0.4, lowest: 0.3, highest: 0.4 },
    },
    {
      id: "create/sharder-cpu",
      what: "creation: CPU of the sharder",
      unit: "s",
      better: "less",
      reference: { median: 3.8, lowest: 3.7, highest: 4.3 },
    },
    {
      id: "create/shard-cpu",
      what: "creation: CPU per shard",
      unit: "s",
      better: "less",
      reference: { median: 1.7, lowest: 1.5, highest: 1.9 },
    },
    { id: "create/spread", what: "most loaded of 3 shards over the mean", unit: "", reference: { median: 1.08 } },
    ...stepFigures("join", "join"),
    ...stepFigures("leave", "leave"),
    ...stepFigures("crash", "crash"),
    {
      id: "memory/sharder",
      what: "peak RSS of the sharder over the scenario",
      unit: "MB",
      better: "less",
      reference: { median: 108, lowest: 101, highest: 115 },
    },
    {
      id: "memory/shard",
      what: "RSS of a shard with 5,000 families at the end",
      unit: "MB",
      better: "less",
      reference: { median: 81.5, lowest: 78, highest: 85 },
    },
  ],

  async *run(context: LoadContext, signal: AbortSignal): AsyncGenerator<Sample> {
    const count = context.quick ? 300 : 10_000;
    for (let run = 0; run < context.runs; run++) {
      await using cluster = await context.startCluster();
      const scene = await startScene(cluster, names, signal);
      await using _tracker = scene.tracker;
      await resetPeak(scene.sharder.process.pid);
      yield* create(scene, count, signal);

      const join = await step(scene, async () => {
        const begin = performance.now();
        scene.shards.set(fourth, await cluster.startShard(fourth));
        return begin;
      }, signal);
      noteStep(context, "join", join);
      yield* stepSamples("join", join);

      const leaving = scene.shards.get(fourth);
      scene.shards.delete(fourth);
      const leave = await step(scene, () => Promise.resolve(leaving?.signal("SIGTERM")), signal);
      await leaving?.ended();
      noteStep(context, "leave", leave);
      yield* stepSamples("leave", leave);

      // It takes a Lease's time and more, whatever the number of objects.
      if (context.quick) continue;
      const crashing = scene.shards.get(killed);
      scene.shards.delete(killed);
      const crash = await step(scene, () => Promise.resolve(crashing?.signal("SIGKILL")), signal);
      await crashing?.ended();
      noteStep(context, "crash", crash);
      yield* stepSamples("crash", crash);

      yield { id: "memory/sharder", value: (await processStats(scene.sharder.process.pid)).peak };
      for (const { pid } of scene.shards.values()) {
        yield { id: "memory/shard", value: (await processStats(pid)).resident };
      }
    }
  },
};

async function* create(scene: Scene, count: number, signal: AbortSignal): AsyncGenerator<Sample> {
  const { cluster, tracker, sharder, shards } = scene;
  const pids = [sharder.process.pid, ...[...shards.values()].map(({ pid }) => pid)];
  const cpu = (): Promise<number[]> => Promise.all(pids.map(async (pid) => (await processStats(pid)).cpu));
  const before = await cpu();
  const { perSecond } = await cluster.createSecrets({ prefix: "load", count, concurrency: 20, signal });
  const created = performance.now();
  await eventually("all ConfigMaps are there", () => tracker.book.counts().configMap >= count, 300_000);
  yield { id: "create/last", value: (performance.now() - created) / 1_000 };
  yield { id: "create/rate", value: perSecond };
  const [ofSharder = NaN, ...ofShards] = (await cpu()).map((after, index) => after - (before[index] ?? 0));
  yield { id: "create/sharder-cpu", value: ofSharder };
  for (const value of ofShards) yield { id: "create/shard-cpu", value };
  const loads = [...tracker.book.spread().values()];
  yield { id: "create/spread", value: Math.max(...loads) / (count / shards.size) };
  await tracker.settled([...shards.keys()], signal);
}
