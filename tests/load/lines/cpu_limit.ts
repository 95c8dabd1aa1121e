import { AdmissionBench } from "../admission_runs.ts";
import { limited } from "../anchors.ts";
import { limitCpu } from "../cpu_limit.ts";
import type { Loaded } from "../h2load.ts";
import type { Figure, Line, LoadContext, Range, Sample, Target } from "../line.ts";

type Key = "perSecond" | "p50" | "p99" | "cpu";

/** Of issue 7, for 16 connections. */
const targets: Partial<Record<Key, Target>> = { perSecond: { least: 1_500 }, p99: { most: 60 } };

/** The limit that the reference's shipped Deployment has; ours has none. */
export const cpuLimitLine: Line = {
  name: "cpu-limit",
  measures: "start and admissions within a limit of 200m CPU",
  figures: [
    { id: "cpu-limit/ready", what: "200m: exec to ready", unit: "ms", better: "less", target: { most: 3_000 } },
    ...figuresOf(1, limited.single, {}),
    ...figuresOf(16, limited.sixteen, targets),
  ],
  run,
};

function figuresOf(
  connections: number,
  reference: Readonly<Record<Key, Range>>,
  targets: Partial<Record<Key, Target>>,
): Figure[] {
  const whats = { perSecond: "admissions", p50: "admission p50", p99: "admission p99", cpu: "admission CPU per 1,000" };
  return (["perSecond", "p50", "p99", "cpu"] as const).map((key) => {
    const target = targets[key];
    return {
      id: `cpu-limit/${key}/${connections}`,
      what: `200m: ${whats[key]}, 10 shards, ${connections} conn.`,
      unit: key === "perSecond" ? "1/s" : "ms",
      better: key === "perSecond" ? "more" : "less",
      reference: reference[key],
      ...target === undefined ? {} : { target },
    };
  });
}

async function* run(context: LoadContext, signal: AbortSignal): AsyncGenerator<Sample> {
  const { runs, quick, note } = context;
  await using limit = await limitCpu(200);
  const { wrapper } = limit;
  await using bench = await AdmissionBench.start(context, { seconds: quick ? 1 : 5, wrapper, signal });
  for (let run = 0; run < runs; run++) {
    const readyAfter = run === 0 ? bench.readyAfter : await bench.restart();
    note(`  200m: ready after ${readyAfter.toFixed(0)} ms`);
    yield { id: "cpu-limit/ready", value: readyAfter };
    for (const connections of [1, 16]) {
      yield* samplesOf(connections, await bench.measure({ shards: 10, connections }, "ours"));
    }
  }
}

function samplesOf(connections: number, { perSecond, p50, p99, cpu }: Loaded): Sample[] {
  return Object.entries({ perSecond, p50, p99, cpu }).map(([key, value]) => ({
    id: `cpu-limit/${key}/${connections}`,
    value,
  }));
}
