import { coldStart } from "../anchors.ts";
import { sleep, systemClock as clock } from "../../../lib/util/clock/mod.ts";
import { mainCommand } from "../../e2e/support/process.ts";
import type { Figure, Line, LoadContext, Sample } from "../line.ts";
import { cpuMeter, processStats } from "../process_stats.ts";

const figures: readonly Figure[] = [
  {
    id: "cold-start/ready",
    what: "cold start: exec to ready",
    unit: "ms",
    better: "less",
    reference: coldStart.readyMs,
    target: { most: 300 },
  },
  {
    id: "cold-start/cpu",
    what: "CPU until ready",
    unit: "s",
    better: "less",
    reference: coldStart.cpuUntilReady,
  },
  {
    id: "cold-start/resident",
    what: "resident memory at ready",
    unit: "MB",
    better: "less",
    reference: coldStart.residentAtReady,
  },
  {
    id: "cold-start/idle-cpu",
    what: "CPU at rest",
    unit: "% of a core",
    better: "less",
    reference: coldStart.idleCpuPercent,
  },
  {
    id: "cold-start/idle-resident",
    what: "resident memory at rest",
    unit: "MB",
    better: "less",
    reference: coldStart.idleResident,
    target: { most: 80 },
  },
  {
    id: "cold-start/stop",
    what: "SIGTERM to exit, at rest",
    unit: "ms",
    better: "less",
    reference: coldStart.stopMs,
  },
  { id: "cold-start/sources/ready", what: "from the sources: exec to ready", unit: "ms", better: "less" },
  { id: "cold-start/sources/cpu", what: "from the sources: CPU until ready", unit: "s", better: "less" },
  { id: "cold-start/sources/resident", what: "from the sources: resident memory at ready", unit: "MB", better: "less" },
];

/** A sharder starts, rests and stops; the ring has 3 shards and no objects. */
export const coldStartLine: Line = {
  name: "cold-start",
  measures: "start of a sharder until it is ready, what it needs at rest, and its stop",
  figures,
  run,
};

async function* run(context: LoadContext, signal: AbortSignal): AsyncGenerator<Sample> {
  const { runs, quick, note } = context;
  await using cluster = await context.startCluster();
  await cluster.createFakeShards(["shard-0", "shard-1", "shard-2"]);
  // The first start finds neither the code nor the leader's Lease in place.
  await (await cluster.startSharder()).process.stop();
  await (await cluster.startSharder({ program: mainCommand })).process.stop();
  const rest = quick ? 2 : 30;
  for (let run = 0; run < runs; run++) {
    const sharder = await cluster.startSharder();
    const { pid } = sharder.process;
    const { cpu, resident } = await processStats(pid);
    yield { id: "cold-start/ready", value: sharder.readyAfter };
    yield { id: "cold-start/cpu", value: cpu };
    yield { id: "cold-start/resident", value: resident };
    // As the reference was measured: what follows the start is not rest.
    await sleep(clock, quick ? 1_000 : 5_000, signal);
    const cpuUsed = await cpuMeter(pid);
    await sleep(clock, 1_000 * rest, signal);
    yield { id: "cold-start/idle-cpu", value: 100 * await cpuUsed() / rest };
    yield { id: "cold-start/idle-resident", value: (await processStats(pid)).resident };
    const begin = performance.now();
    const code = await sharder.process.stop();
    yield { id: "cold-start/stop", value: performance.now() - begin };
    if (code !== 0) throw new Error(`the sharder ended with ${code}:\n${await cluster.report()}`);
    const fromSources = await cluster.startSharder({ program: mainCommand });
    const used = await processStats(fromSources.process.pid);
    yield { id: "cold-start/sources/ready", value: fromSources.readyAfter };
    yield { id: "cold-start/sources/cpu", value: used.cpu };
    yield { id: "cold-start/sources/resident", value: used.resident };
    await fromSources.process.stop();
    note(`cold-start: run ${run + 1}: ready after ${sharder.readyAfter.toFixed(0)} ms`);
  }
}
