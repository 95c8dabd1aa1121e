import { ownCertificates } from "./certificates.ts";
import { at, objectsOf, start, users } from "./histories.ts";
import type { Circumstances } from "./circumstances.ts";
import type { History, Step } from "./steps.ts";

/** A plain history without any faults, to be told again with one in each place where one may be. */
export interface Scenario extends Circumstances {
  /** One word or two, for commands. */
  readonly name: string;
  readonly history: History;
  /** Is it so long that renewals of Leases are left out, which there are in all the others? @default false */
  readonly isLong?: boolean;
}

/** Two sharders and two shards, and objects that are there when it begins at ten seconds. */
const begun: readonly Step[] = [
  ...at(0, ...start("sharder-0", "shard-0", "shard-1")),
  ...at(1_000, ...start("sharder-1")),
  ...at(4_000, ...users("create", objectsOf(4))),
];

function scenario(name: string, seconds: number, steps: readonly Step[], circumstances: Circumstances = {}): Scenario {
  const all = [...begun, ...steps].sort((a, b) => a.at - b.at);
  return { ...circumstances, name, history: { seed: 1, duration: seconds * 1_000, steps: all } };
}

/** What happens to every ring, sooner or later. */
export const scenarios: readonly Scenario[] = [
  scenario("join", 25, at(10_000, ...start("shard-2"))),
  scenario("leave", 25, at(10_000, { do: "stop", process: "shard-1" })),
  scenario("crash", 45, at(10_000, { do: "kill", process: "shard-1" })),
  scenario("rolling update", 45, [
    ...at(10_000, ...start("shard-2")),
    ...at(14_000, { do: "stop", process: "shard-0" }),
    ...at(18_000, ...start("shard-3")),
    ...at(22_000, { do: "stop", process: "shard-1" }),
    ...at(26_000, { do: "stop", process: "sharder-0" }, ...start("sharder-2")),
    ...at(30_000, ...users("edit", objectsOf(4))),
  ]),
  scenario("ring deletion", 50, [...at(10_000, { do: "delete ring" }), ...at(35_000, { do: "create ring" })]),
  scenario("namespace leaves", 50, [
    ...at(10_000, { do: "deselect", namespace: "two" }),
    ...at(35_000, { do: "select", namespace: "two" }),
  ]),
  scenario("pause and resume", 35, [
    ...at(10_000, { do: "pause ring" }),
    ...at(12_000, ...start("shard-2"), { do: "stop", process: "shard-1" }),
    ...at(20_000, { do: "resume ring" }),
  ]),
  scenario("take-over and return", 50, [
    ...at(10_000, { do: "kill", process: "shard-1" }),
    ...at(26_000, ...users("edit", objectsOf(4))),
    // Its Lease is taken over some 17 s after its last renewal.
    ...at(27_500, ...start("shard-1")),
    ...at(32_000, ...start("shard-1")),
  ]),
  {
    ...scenario("certificate rollover", 420, at(60_000, ...users("edit", objectsOf(4))), ownCertificates),
    isLong: true,
  },
];

/** @throws RangeError when there is none of that name */
export function scenarioNamed(name: string): Scenario {
  const found = scenarios.find((each) => each.name === name);
  if (found !== undefined) return found;
  throw new RangeError(`there is no scenario "${name}": there are ${scenarios.map((each) => each.name).join(", ")}`);
}

/** The processes that take part in a scenario. */
export function processesOf({ history }: Scenario): readonly string[] {
  const started = history.steps.flatMap(({ action }) => action.do === "start" ? [action.process] : []);
  return [...new Set(started)].sort();
}
