import { ownCertificates, rollover } from "./certificates.ts";
import type { Circumstances } from "./circumstances.ts";
import { at, objectsOf, start, users } from "./histories.ts";
import type { History, Step } from "./steps.ts";

/** A history that makes a race happen. */
export interface Race extends Circumstances {
  /** What happens, as a sentence. */
  readonly name: string;
  readonly history: Omit<History, "seed">;
}

const objects = objectsOf(8);

/** Two sharders and two shards, and objects that are there when it begins at ten seconds. */
const begun: readonly Step[] = [
  ...at(0, ...start("sharder-0", "shard-0", "shard-1")),
  ...at(1_000, ...start("sharder-1")),
  ...at(4_000, ...users("create", objects)),
];

function race(name: string, seconds: number, steps: readonly Step[], circumstances: Circumstances = {}): Race {
  const all = [...begun, ...steps].sort((a, b) => a.at - b.at);
  return { ...circumstances, name, history: { duration: seconds * 1_000, steps: all } };
}

/** The races that the simulation must contain, each made to happen. */
export const races: readonly Race[] = [
  race("a renewal is committed and answered too late", 60, [
    ...at(10_000, {
      do: "fault",
      process: "shard-0",
      traffic: "leases",
      fault: { type: "late answer", ms: 20_000 },
      chance: 1,
      ms: 30_000,
    }),
    ...at(12_000, ...users("edit", objects)),
    ...at(26_000, ...users("edit", objects)),
  ]),
  race("a shard loses the connection of its Lease, and no other", 70, [
    ...at(10_000, {
      do: "fault",
      process: "shard-0",
      traffic: "leases",
      fault: { type: "timeout", ms: 60_000, reached: false },
      chance: 1,
      ms: 60_000,
    }),
    ...[12_000, 18_000, 22_000, 24_000, 26_000, 28_000, 32_000].flatMap((ms) => at(ms, ...users("edit", objects))),
  ]),
  race("a shard returns under the same name while its objects move", 60, [
    ...at(10_000, { do: "kill", process: "shard-0" }),
    // Its Lease is taken over about 17 s after its last renewal.
    ...Array.from({ length: 30 }, (_, n) => at(25_000 + n * 150, ...start("shard-0"))).flat(),
    ...at(24_000, {
      do: "fault",
      process: "sharder-0",
      traffic: "objects",
      fault: { type: "delay", ms: 400 },
      chance: 0.5,
      ms: 15_000,
    }),
  ]),
  race("the leader thaws in the middle of a pass, and another leads already", 80, [
    ...at(9_990, { do: "trap", process: "sharder-0", write: 3, committed: false, freeze: 30_000 }),
    ...at(10_000, ...start("shard-2", "shard-3")),
    ...at(30_000, ...users("edit", objects)),
  ]),
  race("admissions are under way while their shard is taken over", 60, [
    ...at(10_000, { do: "kill", process: "shard-0" }),
    ...[24_000, 25_000, 26_000, 27_000, 28_000].flatMap((ms) => [
      ...at(ms, { do: "webhook", how: "slow", ms: 900 }),
      ...at(ms + 10, ...users("create", objects.map((object) => `${object}-${ms}`))),
    ]),
  ]),
  race("admissions are under way while their ring is deleted", 60, [
    ...at(10_000, { do: "webhook", how: "slow", ms: 3_000 }),
    ...at(10_010, ...users("create", objects.map((object) => `${object}-before`))),
    ...at(10_100, { do: "delete ring" }),
    ...at(10_700, ...users("create", objects.map((object) => `${object}-after`))),
  ]),
  race("admissions are under way while their namespace leaves the ring", 60, [
    ...at(10_000, { do: "webhook", how: "slow", ms: 3_000 }),
    ...at(10_010, ...users("create", objects.map((object) => `${object}-before`))),
    ...at(10_100, { do: "deselect", namespace: "two" }),
    ...at(10_700, ...users("create", objects.map((object) => `${object}-after`))),
    ...at(30_000, { do: "select", namespace: "two" }),
    ...at(30_050, ...users("create", objects.map((object) => `${object}-again`))),
  ]),
  race("drains are acknowledged, withdrawn and replaced at the same time", 60, [
    ...Array.from({ length: 6 }, (_, n) => [
      ...at(10_000 + n * 5_000, ...start("shard-2")),
      ...at(12_040 + n * 5_000, { do: "stop", process: "shard-2" }, ...users("put", objects)),
    ]).flat(),
  ]),
  race("two replicas see different shards", 60, [
    ...at(9_000, {
      do: "fault",
      process: "sharder-1",
      traffic: "watches",
      fault: { type: "slow stream", ms: 8_000 },
      chance: 1,
      ms: 1,
    }),
    ...at(8_990, { do: "cut", process: "sharder-1", ms: 20 }),
    ...at(10_000, ...start("shard-2")),
    ...Array.from({ length: 10 }, (_, n) => at(10_500 + n * 700, ...users("create", [`one/new-${n}`, `two/new-${n}`])))
      .flat(),
    ...at(14_000, { do: "stop", process: "shard-1" }),
  ]),
  race("namespaces and owners are seen after what belongs to them", 40, [
    ...at(9_000, {
      do: "fault",
      process: "sharder-0",
      traffic: "watches",
      fault: { type: "slow stream", ms: 3_000 },
      chance: 0.5,
      ms: 1_000,
    }),
    ...at(9_500, { do: "cut", process: "sharder-0", ms: 20 }),
    ...at(11_000, { do: "deselect", namespace: "one" }),
    ...at(16_000, { do: "select", namespace: "one" }),
    ...at(16_010, ...users("create", ["one/fresh-0", "one/fresh-1", "one/fresh-2"])),
  ]),
  race("objects are deleted and created again while a pass is about to write them", 50, [
    ...at(9_990, {
      do: "fault",
      process: "sharder-0",
      traffic: "objects",
      fault: { type: "delay", ms: 300 },
      chance: 0.7,
      ms: 8_000,
    }),
    ...at(10_000, ...start("shard-2", "shard-3")),
    ...[11_500, 12_000, 12_500, 13_000].flatMap((ms) =>
      at(ms, ...users("delete", objects), ...users("create", objects))
    ),
  ]),
  race("the continue token of a list expires in the middle of a pass", 50, [
    ...at(10_000, ...start("shard-2", "shard-3")),
    ...Array.from({ length: 40 }, (_, n) => at(11_000 + n * 50, { do: "compact" })).flat(),
    ...at(12_000, ...users("edit", objects)),
  ], {
    install: (stage) => {
      stage.interceptRequests((_process, request, next) => {
        if (request.querystring?.get("limit") !== "500") return next(request);
        const querystring = new URLSearchParams(request.querystring);
        querystring.set("limit", "2");
        return next({ ...request, querystring });
      });
    },
  }),
  race("slow readers are cut in their watches", 60, [
    ...at(10_000, ...start("shard-2")),
    ...Array.from({ length: 20 }, (_, n) => at(11_000 + n * 200, ...users("edit", objects))).flat(),
  ], {
    install: (stage) => void stage.inject({ type: "cut stream", after: 6, how: "error" }, { verb: "watch", times: 60 }),
  }),
  race("all Leases expire, as nobody reached the API server", 120, [
    ...at(10_000, { do: "outage", ms: 50_000 }),
    ...at(30_000, ...users("create", ["one/lonely", "two/lonely"])),
    ...[60_500, 63_000, 66_000].flatMap((ms) => at(ms, ...start("shard-0", "shard-1", "sharder-0", "sharder-1"))),
  ]),
  race("all shards are replaced by others with new names at once", 60, [
    ...at(10_000, ...start("shard-2", "shard-3"), { do: "stop", process: "shard-0" }, {
      do: "stop",
      process: "shard-1",
    }),
    ...at(10_500, ...users("edit", objects)),
  ]),
  race("a replica freezes behind a connection that is kept", 60, [
    ...at(10_000, { do: "freeze", process: "sharder-1", ms: 40_000, suspended: false }),
    ...at(11_000, ...users("create", ["one/x0", "two/x1", "one/x2", "two/x3"])),
    ...at(15_000, ...start("shard-2")),
    ...at(20_000, ...users("put", objects)),
  ]),
  race("the wall clock jumps, and machines are suspended", 100, [
    ...at(10_000, { do: "jump", ms: -60_000 }),
    ...at(14_000, { do: "jump", ms: 90_000 }),
    ...at(15_000, { do: "freeze", process: "shard-0", ms: 40_000, suspended: true }),
    ...at(20_000, { do: "freeze", process: "sharder-0", ms: 30_000, suspended: true }),
    ...[22_000, 40_000, 56_000, 60_000].flatMap((ms) => at(ms, ...users("edit", objects))),
    ...at(70_000, { do: "jump", ms: 3_600_000 }),
    ...at(72_000, ...start("shard-0", "shard-1")),
  ]),
  race("caches of the sharder are some events behind", 60, [
    ...at(10_000, ...start("shard-2")),
    ...at(14_000, { do: "kill", process: "shard-0" }),
    ...at(20_000, ...users("edit", objects)),
    ...at(40_000, { do: "stop", process: "shard-2" }),
  ], {
    install: (stage) => void stage.inject({ type: "slow stream", ms: 700 }, { process: /sharder/, verb: "watch" }),
  }),
  race("caches of a shard are some events behind", 60, [
    ...at(10_000, ...start("shard-2")),
    ...at(20_000, ...users("edit", objects)),
    ...at(24_000, { do: "kill", process: "shard-1" }),
  ], {
    install: (stage) => void stage.inject({ type: "slow stream", ms: 700 }, { process: "shard-0", verb: "watch" }),
  }),
  race("somebody deletes the Leases of shards at work", 60, [
    ...[10_000, 14_000, 15_000, 30_000].flatMap((ms) =>
      at(ms, { do: "delete lease", process: "shard-0" }, { do: "delete lease", process: "shard-1" })
    ),
    ...at(16_000, ...users("edit", objects)),
  ]),
  race("the API server restarts in the middle of a pass", 60, [
    ...at(10_000, ...start("shard-2", "shard-3")),
    ...[11_400, 11_900, 12_600].flatMap((ms) => at(ms, { do: "outage", ms: 300 }, { do: "compact" })),
    ...at(14_000, ...users("edit", objects)),
    ...at(20_000, { do: "outage", ms: 4_000 }, { do: "stop", process: "shard-1" }),
    ...at(26_000, ...users("put", objects)),
  ]),
  race("replicas replace their certificate authority, one frozen, one cut off, and the leader dies", 420, [
    ...at(2_000, ...start("sharder-2")),
    ...at(rollover - 5_000, { do: "freeze", process: "sharder-1", ms: 60_000, suspended: false }),
    ...at(rollover + 500, { do: "kill", process: "sharder-0" }, { do: "cut", process: "sharder-2", ms: 8_000 }),
    ...at(rollover + 30_000, ...start("sharder-0")),
    // Five minutes after the API servers were told to trust the new authority, its first certificate is served.
    ...at(rollover + 280_000, { do: "freeze", process: "sharder-0", ms: 90_000, suspended: false }),
    ...at(rollover + 310_000, { do: "cut", process: "sharder-1", ms: 60_000 }),
    ...[20, 40, 60, 100, 200, 330, 350, 370, 390, 410].flatMap((second) =>
      at(second * 1_000, ...users("create", [`one/at-${second}`, `two/at-${second}`]))
    ),
  ], ownCertificates),
];
