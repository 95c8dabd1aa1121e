import { AdmissionBench } from "../admission_runs.ts";
import { describe, figuresOf, type Load, samplesOf } from "../admission_figures.ts";
import { admission as anchors } from "../anchors.ts";
import type { Figure, Line, LoadContext, Sample } from "../line.ts";

const rows = anchors.filter(({ unrelated }) => unrelated === undefined);
/** What the reference was measured under, and what API servers really do. In the order of the numbers of shards. */
const loads: readonly Load[] = rows.flatMap((row) => isMain(row) ? [row, { ...row, http1: true }] : [row]);

/** Reviews go straight to the webhook. */
export const admissionLine: Line = {
  name: "admission",
  measures: "reviews straight to the webhook, by connections and shards, over HTTP/2 and HTTP/1.1; beside the spike",
  figures: [...loads.flatMap((load) => figuresOf(load, rows.find((row) => row === load))), {
    id: "admission/flat",
    what: "admission CPU with 100 shards by that with 3, 16 conn.",
    unit: "",
    better: "less",
    reference: { median: 9.5 },
    target: { most: 1.1 },
  }, ...loads.filter(hasSpike).map(bySpike)],
  run,
};

async function* run(context: LoadContext, signal: AbortSignal): AsyncGenerator<Sample> {
  const { quick, runs } = context;
  const wanted = quick ? loads.filter(({ shards, http1 }) => shards === 3 && http1 === true) : loads;
  await using bench = await AdmissionBench.start(context, { seconds: quick ? 1 : 3, signal });
  const few: number[] = [];
  // From few to many shards, and each load as often as asked, the spike in turns with ours.
  for (const load of wanted) {
    for (let run = 0; run < runs; run++) {
      const ours = await bench.measure(load, "ours");
      yield* samplesOf(load, ours, "ours");
      if (hasSpike(load)) {
        const spike = await bench.measure(load, "spike");
        yield* samplesOf(load, spike, "spike");
        yield { id: bySpike(load).id, value: ours.cpu / spike.cpu };
      }
      const { shards } = load;
      if (!isMain(load) || load.http1 === true) continue;
      if (shards === 3) few.push(ours.cpu);
      if (shards === 100) yield { id: "admission/flat", value: ours.cpu / (few[run] ?? NaN) };
    }
  }
}

/** The loads that issue 7 names a spike for. */
function hasSpike(load: Load): boolean {
  return load.streams !== undefined || isMain(load);
}

/** 16 connections with few and with many shards. */
function isMain({ shards, connections, labelled }: Load): boolean {
  return connections === 16 && labelled !== true && (shards === 3 || shards === 100);
}

/** What ours adds to the runtime. Also on a machine that is busy with other things this ratio means something. */
function bySpike(load: Load): Figure {
  // The targets of issue 7 by what the spike had needed when they were set: 65 by 42 ms, with streams 50 by 29 ms.
  const most = load.streams === undefined ? 1.55 : 1.72;
  const what = `admission CPU by the spike's, ${describe(load)}`;
  return {
    id: `admission/by-spike/${load.shards}x${load.connections}${load.http1 === true ? "+http1" : ""}`,
    what,
    unit: "",
    better: "less",
    target: { most },
  };
}
