import { join } from "node:path";
import { createRestClient, denoHost, loadClusterAccess } from "../../mod.ts";
import { sleep, systemClock } from "../../lib/util/clock/mod.ts";
import { seededRandom, systemRandom } from "../../lib/util/random.ts";
import { Arena } from "./support/arena.ts";
import type { Member } from "./support/member.ts";
import { sharedTime } from "./support/monotonic.ts";
import { type ProcessSample, sampleProcess } from "./support/process_sample.ts";
import { grows, type Sample, type Slope, slopeOf } from "./support/slope.ts";
import { Users } from "./support/users.ts";

/** Settings of {@link soak}. */
export interface SoakOptions {
  readonly minutes: number;
  readonly seed: number;
  /** Where the logs go. */
  readonly folder: string;
  readonly print: (line: string) => void;
}

/** What is measured of each process. */
export const quantities = ["resident", "anonymous", "heap", "files", "sockets", "threads"] as const;

/** One of them. */
export type Quantity = typeof quantities[number];

/** What became of a process. */
export interface SoakedProcess {
  readonly name: string;
  /** Else it belongs to the control plane, and is there for comparison. */
  readonly isOurs: boolean;
  /** Of the run that lasted longest, which is what the slopes are of. */
  readonly minutes: number;
  readonly slopes: Readonly<Partial<Record<Quantity, Slope & { readonly grows: boolean }>>>;
  /** Connections to the API server in the first half, and in the second. */
  readonly connections: readonly [number, number];
  /** Share of one core, in percent. */
  readonly cpu: number;
  /** More than one: it ended, and was started again. */
  readonly starts: number;
}

/** What came of a soak. */
export interface SoakReport {
  readonly minutes: number;
  readonly seed: number;
  readonly requests: number;
  readonly refused: readonly string[];
  /** Of a create, in milliseconds. */
  readonly slowest: number;
  readonly joins: number;
  readonly samples: number;
  readonly processes: readonly SoakedProcess[];
}

/** Little enough to run beside other things. */
const [rate, objects] = [1, 60];

const samplePeriod = 10_000;

/** A shard joins this often, and leaves again after half of the time. Milliseconds. */
const joinPeriod = 240_000;

/** What growth matters, in an hour. */
const least: Readonly<Record<Quantity, number>> = {
  resident: 2,
  anonymous: 2,
  heap: 1,
  files: 1,
  sockets: 1,
  threads: 1,
};

/** Lets everything work for a long time, and looks what of it grows: in the second half, as programs need to warm up. */
export async function soak({ minutes, seed, folder, print }: SoakOptions): Promise<SoakReport> {
  // The timing that everybody has.
  const timing = { leaseDuration: 15_000, renewDeadline: 10_000, retryPeriod: 2_000 };
  await using arena = await Arena.start({ shards: 4, sharders: 2, timing, folder, shardFlags: ["--heap"] });
  const kubeconfig = arena.installation.controlPlane.kubeconfig;
  const config = await loadClusterAccess({ host: denoHost, clock: systemClock, flags: { kubeconfig } });
  using client = createRestClient({ config, clock: systemClock, random: systemRandom, userAgent: "users" });
  const refused: string[] = [];
  let slowest = 0;
  const users = new Users({
    client,
    random: seededRandom(seed),
    rate,
    objects,
    onRequest: ({ verb, object, begin, end, refusal }) => {
      if (verb === "create") slowest = Math.max(slowest, end - begin);
      if (refusal !== undefined) refused.push(`${verb} ${object}: ${refusal}`);
    },
  });
  await sleep(systemClock, 5_000);
  await users.fill();
  slowest = 0;
  const watched = arena.members;
  const stop = new AbortController();
  const running = users.run(stop.signal);
  const series = new Map<string, Run[]>();
  const heaps = new Map<string, number>();
  const begin = sharedTime();
  const half = begin + minutes * 30_000;
  const [acceptedFirst, acceptedHalf] = [new Map<string, number>(), new Map<string, number>()];
  for (const { name, link } of watched) acceptedFirst.set(name, link.accepted);
  let [joins, samples, guest] = [0, 0, undefined as Member | undefined];
  let nextChange = begin + joinPeriod / 2;
  const end = begin + minutes * 60_000;
  while (sharedTime() < end) {
    await sleep(systemClock, samplePeriod - (sharedTime() - begin) % samplePeriod);
    const at = sharedTime();
    await arena.writeLogs(({ name }, line) => {
      if (line.startsWith("heap ")) heaps.set(name, Number(line.slice(5)) / 2 ** 20);
    });
    for (const { name, pid } of [...watched, ...servers(arena)]) {
      const sample = await sampleProcess(pid);
      if (sample !== undefined) note(series, name, pid, at - begin, { ...sample, heap: heaps.get(name) });
    }
    samples++;
    if (at >= half && acceptedHalf.size === 0) {
      for (const { name, link } of watched) acceptedHalf.set(name, link.accepted);
    }
    if (samples % 30 === 0) print(progress(series, samples, users.count));
    if (at < nextChange) continue;
    nextChange += joinPeriod / 2;
    if (guest === undefined) {
      guest = await arena.add("shard");
      joins++;
    } else {
      await arena.remove(guest);
      guest = undefined;
    }
  }
  stop.abort();
  await running;
  await Deno.writeTextFile(join(folder, "samples.json"), JSON.stringify(Object.fromEntries(series)));
  const ours = new Map(watched.map((member) => [member.name, member]));
  const processes = [...watched, ...servers(arena)].map(({ name }): SoakedProcess => {
    const accepted = ours.get(name)?.link.accepted ?? 0;
    const middle = acceptedHalf.get(name) ?? accepted;
    const { samples } = longest(series.get(name) ?? []);
    const [first, last] = [samples[0], samples.at(-1)];
    const lasted = (last?.at ?? 0) - (first?.at ?? 0);
    return {
      name,
      isOurs: ours.has(name),
      minutes: lasted / 60_000,
      slopes: slopes(samples.filter(({ at }) => at >= (first?.at ?? 0) + lasted / 2)),
      connections: [middle - (acceptedFirst.get(name) ?? 0), accepted - middle],
      cpu: ((last?.cpu ?? 0) - (first?.cpu ?? 0)) * 1_000 / lasted * 100,
      starts: ours.get(name)?.starts ?? 1,
    };
  });
  return { minutes, seed, requests: users.count, refused, slowest, joins, samples, processes };
}

/** The control plane, for comparison; it is not ours. */
function servers(arena: Arena): readonly { readonly name: string; readonly pid: number }[] {
  const { pids } = arena.installation.controlPlane;
  return (["etcd", "kube-apiserver"] as const).map((name) => ({ name, pid: pids[name] ?? 0 }));
}

/** One process, and what was seen of it. */
interface Run {
  readonly pid: number;
  readonly samples: SoakSample[];
}

/** At a moment, in milliseconds since the beginning. */
type SoakSample = ProcessSample & { readonly at: number; readonly heap: number | undefined };

function note(
  series: Map<string, Run[]>,
  name: string,
  pid: number,
  at: number,
  sample: Omit<SoakSample, "at">,
): void {
  const runs = series.get(name) ?? [];
  series.set(name, runs);
  if (runs.at(-1)?.pid !== pid) runs.push({ pid, samples: [] });
  runs.at(-1)?.samples.push({ ...sample, at });
}

function longest(runs: readonly Run[]): Run {
  const [first] = runs.toSorted((a, b) => b.samples.length - a.samples.length);
  return first ?? { pid: 0, samples: [] };
}

function slopes(samples: readonly SoakSample[]): SoakedProcess["slopes"] {
  return Object.fromEntries(quantities.flatMap((quantity) => {
    const values = samples.flatMap((sample): Sample[] => {
      const value = sample[quantity];
      return value === undefined ? [] : [{ at: sample.at, value }];
    });
    if (values.length === 0) return [];
    const slope = slopeOf(values);
    return [[quantity, { ...slope, grows: grows(slope, least[quantity]) }]];
  }));
}

function progress(series: ReadonlyMap<string, readonly Run[]>, samples: number, requests: number): string {
  const now = [...series].map(([name, runs]) => {
    const { resident = NaN, files = NaN } = runs.at(-1)?.samples.at(-1) ?? {};
    return `${name} ${resident.toFixed(1)} MB ${files} files`;
  });
  return `after ${Math.round(samples * samplePeriod / 60_000)} min, ${requests} requests: ${now.join(", ")}`;
}

/** The report as a table for people. */
export function soakTable({ minutes, requests, refused, slowest, joins, samples, processes }: SoakReport): string {
  const lines = [
    `${minutes} minutes, ${requests} requests of users, ${refused.length} refused, the slowest create took ` +
    `${Math.round(slowest)} ms, ${joins} shards joined and left, ${samples} samples`,
    "per hour in the second half, with two standard errors; (mean)",
    ["process".padEnd(16), ...quantities.map((name) => name.padEnd(24)), "connections  cpu  starts  minutes"].join(""),
  ];
  for (const { name, slopes, connections, cpu, starts, minutes } of processes) {
    const cells = quantities.map((quantity) => {
      const slope = slopes[quantity];
      return (slope === undefined ? "-" : cell(slope)).padEnd(24);
    });
    lines.push(
      [
        name.padEnd(16),
        ...cells,
        connections.join(" + ").padEnd(13),
        `${cpu.toFixed(1)}%  ${starts}  ${minutes.toFixed(0)}`,
      ].join(""),
    );
  }
  return [...lines, soakProblem(processes) ?? "nothing grows"].join("\n");
}

/** Why a soak has not shown that nothing grows; undefined when it has. */
export function soakProblem(processes: SoakReport["processes"]): string | undefined {
  const ours = processes.filter(({ isOurs }) => isOurs);
  const growing = ours.flatMap(({ name, slopes }) =>
    quantities.filter((quantity) => slopes[quantity]?.grows === true).map((quantity) => `${quantity} of ${name}`)
  );
  if (growing.length > 0) return `this grows: ${growing.join(", ")}`;
  const restarted = ours.filter(({ starts }) => starts > 1);
  if (restarted.length > 0) return `ended and was started again: ${restarted.map(({ name }) => name).join(", ")}`;
  const isCertain = ({ slopes: { resident } }: SoakedProcess): boolean => !Number.isNaN(resident?.error ?? NaN);
  return ours.length > 0 && ours.every(isCertain) ? undefined : "too short to tell whether anything grows";
}

function cell({ mean, perHour, error, grows }: Slope & { readonly grows: boolean }): string {
  const sign = perHour >= 0 ? "+" : "";
  return `${sign}${perHour.toFixed(2)} ~${error.toFixed(2)} (${mean.toFixed(1)})${grows ? "!" : ""}`;
}
