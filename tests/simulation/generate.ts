import { type Random, seededRandom } from "../../lib/util/random.ts";
import type { Fault } from "../../testing.ts";
import type { Action, History, Step, Traffic } from "./steps.ts";

/** Namespaces that belong to the ring from the beginning. */
export const namespaces: readonly string[] = ["one", "two"];

const objectNames = Array.from({ length: 12 }, (_, index) => `o${index}`);
const shardNames = Array.from({ length: 10 }, (_, index) => `shard-${index}`);
const sharderNames = ["sharder-0", "sharder-1", "sharder-2"];

/** How often things happen, relative to each other. A profile leaves some out, so that others stand out. */
const weights = {
  create: 12,
  edit: 8,
  put: 3,
  delete: 5,
  relabel: 1,
  start: 14,
  stop: 4,
  kill: 4,
  freeze: 4,
  cut: 3,
  trap: 4,
  fault: 6,
  webhook: 2,
  compact: 1,
  outage: 1,
  "delete lease": 1,
  scope: 1,
  ring: 1,
  brake: 1,
  jump: 1,
};

type Kind = keyof typeof weights;

/** Makes the history of a seed: the same seed gives the same one. */
export function generate(seed: number, duration: number): History {
  const random = seededRandom(seed);
  const profile = profileOf(random);
  const pause = 500 + random.next() * 6_000;
  const steps: Step[] = [
    { at: 0, action: { do: "start", process: "sharder-0", skew: 0 } },
    { at: 0, action: { do: "start", process: "sharder-1", skew: skewOf(random) } },
    ...shardNames.slice(0, 2 + Math.floor(random.next() * 4)).map((process): Step => ({
      at: Math.floor(random.next() * 3_000),
      action: { do: "start", process, skew: skewOf(random) },
    })),
    ...objectNames.slice(0, 6).map((name): Step => ({
      at: Math.floor(random.next() * 5_000),
      action: { do: "create", object: `${pick(random, namespaces)}/${name}` },
    })),
  ];
  for (let at = 5_000; at < duration; at += Math.ceil(-Math.log(1 - random.next()) * pause)) {
    steps.push({ at, action: actionOf(pickKind(random, profile), random) });
  }
  return { seed, duration, steps: steps.sort((a, b) => a.at - b.at) };
}

/** Each kind is there with its weight, or not at all. */
function profileOf(random: Random): ReadonlyMap<Kind, number> {
  const all = Object.entries(weights).filter((entry): entry is [Kind, number] => entry[0] in weights);
  return new Map(all.filter(([kind]) => kind === "create" || kind === "start" || random.next() < 0.7));
}

function pickKind(random: Random, profile: ReadonlyMap<Kind, number>): Kind {
  let rest = random.next() * [...profile.values()].reduce((sum, weight) => sum + weight, 0);
  for (const [kind, weight] of profile) {
    rest -= weight;
    if (rest < 0) return kind;
  }
  return "create";
}

function actionOf(kind: Kind, random: Random): Action {
  const object = `${pick(random, namespaces)}/${pick(random, objectNames)}`;
  const process = random.next() < 0.7 ? pick(random, shardNames) : pick(random, sharderNames);
  const ms = Math.ceil(200 * Math.exp(random.next() * 5.5));
  switch (kind) {
    case "create":
    case "edit":
    case "put":
    case "delete":
      return { do: kind, object };
    case "relabel":
      return { do: "relabel", object, to: pick(random, ["", "bogus", ...shardNames]) };
    case "start":
      return { do: "start", process, skew: skewOf(random) };
    case "stop":
    case "kill":
      return { do: kind, process };
    case "freeze":
      return { do: "freeze", process, ms, suspended: random.next() < 0.2 };
    case "cut":
      return { do: "cut", process, ms };
    case "trap": {
      const freeze = random.next() < 0.4 ? ms : undefined;
      return { do: "trap", process, write: 1 + Math.floor(random.next() * 10), committed: random.next() < 0.5, freeze };
    }
    case "fault": {
      const chance = pick(random, [1, 0.5, 0.1]);
      return { do: "fault", process, traffic: pick(random, traffics), fault: faultOf(random), chance, ms };
    }
    case "webhook":
      return { do: "webhook", how: pick(random, ["down", "slow", "hanging"]), ms };
    case "compact":
      return { do: "compact" };
    case "outage":
      return { do: "outage", ms };
    case "delete lease":
      return { do: "delete lease", process: pick(random, shardNames) };
    case "scope":
      return { do: random.next() < 0.5 ? "select" : "deselect", namespace: pick(random, namespaces) };
    case "ring":
      return { do: random.next() < 0.4 ? "delete ring" : "create ring" };
    case "brake":
      return { do: random.next() < 0.4 ? "pause ring" : "resume ring" };
    case "jump":
      return { do: "jump", ms: Math.round((random.next() - 0.5) * 20_000) };
  }
}

const traffics: readonly Traffic[] = ["leases", "objects", "watches", "everything"];

function faultOf(random: Random): Fault {
  const ms = Math.ceil(50 * Math.exp(random.next() * 6));
  return pick<Fault>(random, [
    { type: "delay", ms },
    { type: "status", code: 409 },
    { type: "status", code: 422 },
    { type: "status", code: 429, retryAfterSeconds: 1 },
    { type: "status", code: 500 },
    { type: "status", code: 503 },
    { type: "refused" },
    { type: "late answer", ms },
    { type: "lost answer" },
    { type: "timeout", ms, reached: random.next() < 0.5 },
    { type: "cut stream", after: Math.floor(random.next() * 5), how: random.next() < 0.5 ? "end" : "error" },
    { type: "stalled stream", after: Math.floor(random.next() * 5) },
    { type: "slow stream", ms },
  ]);
}

function skewOf(random: Random): number {
  return random.next() < 0.5 ? 0 : Math.round((random.next() - 0.5) * 8_000);
}

function pick<T>(random: Random, items: readonly T[]): T {
  const item = items[Math.floor(random.next() * items.length)];
  if (item === undefined) throw new RangeError("there is nothing to pick from");
  return item;
}
