import type { Circumstances } from "./circumstances.ts";
import { type Crash, crashesIn, crashing } from "./crashes.ts";
import { defectNamed } from "./defects/all.ts";
import { generate } from "./generate.ts";
import { type Outcome, play, type PlayOptions } from "./run.ts";
import { scenarioNamed, scenarios } from "./scenarios.ts";
import { shrink } from "./shrink.ts";
import { cachesIn, lagging, lags, type Staleness } from "./stale.ts";
import { describe, type History } from "./steps.ts";

/** One thing to simulate. Plain data, which can be sent to a worker. */
export type Case =
  /** A random history. */
  | {
    readonly type: "seed";
    readonly seed: number;
    /** How long it lasts until all faults end, in milliseconds. */
    readonly duration: number;
    /** Something is wrong on purpose. */
    readonly defect: string | undefined;
  }
  /** A base scenario in which a process crashes right at one of its writes. */
  | { readonly type: "crash"; readonly scenario: string } & Crash
  /** A base scenario in which one cache is behind. */
  | { readonly type: "stale"; readonly scenario: string } & Staleness;

/** Options of the command that play a case again. */
export function flagsOf(each: Case): string {
  switch (each.type) {
    case "seed":
      return `--seed ${each.seed} --minutes ${each.duration / 60_000}` +
        (each.defect === undefined ? "" : ` --defect ${JSON.stringify(each.defect)}`);
    case "crash":
    case "stale":
      return `--case '${JSON.stringify(each)}'`;
  }
}

/** What a case is, in a few words. */
export function nameOf(each: Case): string {
  switch (each.type) {
    case "seed":
      return `seed ${each.seed}`;
    case "crash": {
      const when = each.committed ? "after" : "before";
      return `${each.scenario}: ${each.process} crashes ${when} its write ${each.write}`;
    }
    case "stale":
      return `${each.scenario}: ${each.process} is behind with ${each.stream} (${each.lag})`;
  }
}

/** Reads a case as {@link flagsOf} writes it. @throws RangeError when it is none */
export function parseCase(text: string): Case {
  const { type, scenario, process, stream, lag, write, committed }: Record<string, unknown> = JSON.parse(text);
  if (typeof scenario === "string" && typeof process === "string") {
    const known = lags.find((each) => each === lag);
    if (type === "stale" && typeof stream === "string" && known !== undefined) {
      return { type, scenario, process, stream, lag: known };
    }
    if (type === "crash" && typeof write === "number" && typeof committed === "boolean") {
      return { type, scenario, process, write, committed };
    }
  }
  throw new RangeError(`${text} is no case: copy one from the line that told of a failure`);
}

/** Plays a case. */
export async function playCase(each: Case, options: PlayOptions = {}): Promise<Outcome> {
  const { history, circumstances } = toPlay(each);
  // A ring has been deleted in some of them already, and there are many.
  return await play(history, { ...(each.type === "seed" ? {} : { endings: false }), ...options, circumstances });
}

function toPlay(each: Case): { readonly history: History; readonly circumstances: Circumstances } {
  switch (each.type) {
    case "seed":
      return {
        history: generate(each.seed, each.duration),
        circumstances: each.defect === undefined ? {} : defectNamed(each.defect),
      };
    case "crash": {
      const scenario = scenarioNamed(each.scenario);
      return { history: crashing(scenario, each), circumstances: scenario };
    }
    case "stale": {
      const scenario = scenarioNamed(each.scenario);
      return { history: scenario.history, circumstances: lagging(scenario, each) };
    }
  }
}

/** What came of a case, to be told. Plain data. */
export interface Result {
  readonly case: Case;
  /** A line for each violation. */
  readonly violations: readonly string[];
  readonly simulated: number;
  readonly requests: number;
  /** See Outcome; NaN too where somebody changed labels by hand: that is found when the sharder looks at everything. */
  readonly settled: number;
  /** The shortest history that fails in the same way, a line for each step; when it was asked for. */
  readonly short: readonly string[];
}

/** Plays a case, and shortens its history when it fails, if that is wanted. */
export async function resultOf(each: Case, isShrunk: boolean): Promise<Result> {
  const { violations, simulated, requests, settled } = await playCase(each);
  const isByHand = toPlay(each).history.steps.some(({ action }) => action.do === "relabel");
  return {
    case: each,
    violations: violations.map(({ guarantee, at, message }) =>
      `${guarantee} after ${(at / 1_000).toFixed(3)} s: ${message}`
    ),
    simulated,
    requests,
    settled: isByHand ? NaN : settled,
    short: isShrunk && violations.length > 0 ? await shortened(each) : [],
  };
}

/** Leaves out what does not matter for the first failure. */
async function shortened(each: Case): Promise<readonly string[]> {
  const { history, circumstances } = toPlay(each);
  const [first] = (await play(history, { untilFound: true, circumstances })).violations;
  if (first === undefined) return [];
  const short = await shrink(history, async (candidate) => {
    const { violations } = await play(candidate, { untilFound: true, circumstances });
    return violations[0]?.guarantee === first.guarantee;
  });
  return [
    `shortened to ${short.steps.length} of ${history.steps.length} steps:`,
    ...short.steps.map(({ at, action }) => `  ${(at / 1_000).toFixed(3)} ${describe(action)}`),
  ];
}

/** Every crash in every base scenario, or in one of them. */
export async function* allCrashes(only?: string): AsyncGenerator<Case, void, undefined> {
  for (const scenario of scenarios.filter(({ name }) => only === undefined || name === only)) {
    for (const crash of await crashesIn(scenario)) yield { type: "crash", scenario: scenario.name, ...crash };
  }
}

/** Every cache in every base scenario, or in one of them, with each lag. */
export async function* allStale(only?: string): AsyncGenerator<Case, void, undefined> {
  for (const scenario of scenarios.filter(({ name }) => only === undefined || name === only)) {
    for (const cache of await cachesIn(scenario)) {
      for (const lag of lags) yield { type: "stale", scenario: scenario.name, ...cache, lag };
    }
  }
}
