import { withInstall } from "./circumstances.ts";
import { at, start } from "./histories.ts";
import { play } from "./run.ts";
import { processesOf, type Scenario } from "./scenarios.ts";
import type { History } from "./steps.ts";
import { isWrite } from "./traffic.ts";

/** Whatever has crashed is started again so often, in milliseconds. */
const restartPeriod = 5_000;

/** A crash of a process right at its n-th write: before it was sent, or when it was committed. */
export interface Crash {
  readonly process: string;
  /** From 1. */
  readonly write: number;
  readonly committed: boolean;
}

/** The scenario with a crash in it. */
export function crashing({ history }: Scenario, { process, write, committed }: Crash): History {
  const { duration, steps } = history;
  const first = Math.min(...steps.flatMap(({ at, action }) => isStartOf(action, process) ? [at] : []));
  // Who was stopped in the scenario stays away.
  const last = Math.min(...steps.flatMap(({ at, action }) => isEndOf(action, process) ? [at] : []), duration);
  const again = Array.from(
    { length: Math.max(Math.ceil((last - first) / restartPeriod) - 1, 0) },
    (_, index) => at(first + 2_500 + restartPeriod * index, ...start(process)),
  ).flat();
  const trap = at(first, { do: "trap", process, write, committed, freeze: undefined });
  return { seed: history.seed, duration, steps: [...steps, ...again, ...trap].sort((a, b) => a.at - b.at) };
}

function isStartOf(action: { readonly do: string; readonly process?: string }, process: string): boolean {
  return action.do === "start" && action.process === process;
}

function isEndOf(action: { readonly do: string; readonly process?: string }, process: string): boolean {
  return (action.do === "stop" || action.do === "kill") && action.process === process;
}

/** The writes of each process in a scenario when nothing goes wrong: their numbers, from 1. */
async function writesIn(scenario: Scenario): Promise<ReadonlyMap<string, readonly number[]>> {
  const writes = new Map(processesOf(scenario).map((process) => [process, { count: 0, tried: new Array<number>() }]));
  const { violations } = await play(scenario.history, {
    endings: false,
    circumstances: withInstall(scenario, (stage) =>
      stage.onRequest((request) => {
        const own = writes.get(request.process);
        if (own === undefined || !isWrite(request)) return;
        own.count++;
        if (scenario.isLong !== true || request.resource !== "leases") own.tried.push(own.count);
      })),
  });
  const [first] = violations;
  if (first !== undefined) throw new Error(`the scenario "${scenario.name}" fails by itself: ${first.message}`);
  return new Map([...writes].map(([process, { tried }]) => [process, tried]));
}

/** All crashes that there may be in a scenario. */
export async function crashesIn(scenario: Scenario): Promise<readonly Crash[]> {
  return [...await writesIn(scenario)].flatMap(([process, writes]) =>
    writes.flatMap((write) => [true, false].map((committed) => ({ process, write, committed })))
  );
}
