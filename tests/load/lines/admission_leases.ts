import { AdmissionBench } from "../admission_runs.ts";
import { figuresOf, samplesOf } from "../admission_figures.ts";
import { admission as anchors } from "../anchors.ts";
import type { Line, LoadContext, Sample } from "../line.ts";

const rows = anchors.filter(({ unrelated }) => unrelated !== undefined);

/** As `admission`, in a cluster with Leases of many nodes. */
export const admissionLeasesLine: Line = {
  name: "admission-leases",
  measures: "the same with 5,000 Leases in the cluster that have nothing to do with sharding",
  figures: [...rows.flatMap((row) => figuresOf(row, row)), {
    id: "admission-leases/flat",
    what: "admission CPU with 5,000 unrelated Leases by that without, 10 shards, 16 conn.",
    unit: "",
    better: "less",
    reference: { median: 1.86 },
    target: { most: 1.1 },
  }],
  run,
};

async function* run(context: LoadContext, signal: AbortSignal): AsyncGenerator<Sample> {
  const { quick, runs } = context;
  await using bench = await AdmissionBench.start(context, { seconds: quick ? 1 : 3, signal });
  const without: number[] = [];
  for (let run = 0; run < runs; run++) without.push((await bench.measure({ shards: 10, connections: 16 }, "ours")).cpu);
  await bench.cluster.create({
    path: "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases",
    count: quick ? 500 : 5_000,
    concurrency: 16,
    object: nodeLease,
    signal,
  });
  for (const load of rows) {
    for (let run = 0; run < runs; run++) {
      const loaded = await bench.measure(load, "ours");
      yield* samplesOf(load, loaded, "ours");
      if (load.connections === 16) yield { id: "admission-leases/flat", value: loaded.cpu / (without[run] ?? NaN) };
    }
  }
}

/** As kubelets make them. */
function nodeLease(index: number): unknown {
  const spec = { holderIdentity: `node-${index}`, leaseDurationSeconds: 40, renewTime: "2026-11-21T12:00:00.000000Z" };
  return { apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata: { name: `node-${index}` }, spec };
}
