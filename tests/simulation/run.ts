import { createHash } from "node:crypto";
import type { TestStageOptions } from "../../testing.ts";
import { isAlreadyExists, isConflict, isNotFound } from "../../lib/k8s/errors.ts";
import { describeError } from "../../lib/util/log.ts";
import { SimulatedCluster } from "./cluster.ts";
import { Checker } from "./checker/checker.ts";
import { isWorkDone, seeLeaving, seeSilence } from "./checker/endings.ts";
import type { Guarantee, Violation } from "./checker/violation.ts";
import type { Circumstances } from "./circumstances.ts";
import { type Action, describe, type History } from "./steps.ts";

/** What came of a history. */
export interface Outcome {
  /** What was not kept, in the order in which it was seen. */
  readonly violations: readonly Violation[];
  /** A line for everything that happened. */
  readonly trace: readonly string[];
  /** Equal for equal traces. */
  readonly digest: string;
  /** Milliseconds from the end of all faults until everything was where it belongs; NaN when that was not waited for. */
  readonly settled: number;
  /** How many requests the processes sent. */
  readonly requests: number;
  /** Virtual time that passed, in milliseconds. */
  readonly simulated: number;
  /** The processes' log lines. */
  readonly logs: readonly string[];
}

/**
 * Longest time that a user waits for a new object, in milliseconds: the webhook's timeout of two seconds. (The API server
 * tries an update again that met another one, and asks the webhook each time.)
 */
const patience = 2_000;

/** How a history is played. */
export interface PlayOptions {
  /** What is special about the cluster. @default nothing */
  readonly circumstances?: Circumstances;
  /** Everything is where it belongs so long after all faults have ended, at most. Milliseconds. @default ten minutes */
  readonly recovery?: number;
  /** See also that it is silent in the end, and that the ring leaves nothing behind. @default true */
  readonly endings?: boolean;
  /** End when something is found. @default false */
  readonly untilFound?: boolean;
  /** The lowest level of the log lines. @default "warning" */
  readonly logLevel?: TestStageOptions["logLevel"];
}

/** Plays a history on a new cluster, with everything checked all the time. */
export async function play(history: History, options: PlayOptions = {}): Promise<Outcome> {
  const { circumstances = {}, recovery = 600_000, untilFound = false, endings = true, logLevel = "warning" } = options;
  const trace: string[] = [];
  const violations: Violation[] = [];
  await using cluster = await SimulatedCluster.create(history, {
    circumstances,
    logLevel,
    onUser,
    trace: (line) => write(line),
    report: (guarantee, message) => report(guarantee, message),
  });
  const { stage, ring } = cluster;
  const { clock } = stage;
  const write = (line: string): void => void trace.push(`[${(clock.monotonic() / 1_000).toFixed(3)}] ${line}`);
  const report = (guarantee: Guarantee, message: string): void => {
    write(`!!! ${guarantee} ${message}`);
    violations.push({ guarantee, at: clock.monotonic(), message });
  };
  using checker = new Checker(stage, ring.name, report, write);
  function onUser(action: Action, error: unknown, took: number): void {
    if (action.do === "put") checker.replacing(action.object, false);
    if (action.do === "create" && took > patience) {
      report("G3", `${describe(action)} took ${took} ms`);
    }
    if (error === undefined || isNotFound(error) || isAlreadyExists(error) || isConflict(error)) return;
    report("G3", `${describe(action)} was refused: ${describeError(error)}`);
  }

  const isOver = (): boolean => untilFound && violations.length > 0;
  for (const { at, action } of history.steps) {
    if (isOver()) break;
    await stage.advance(Math.max(at - clock.monotonic(), 0));
    write(`--- ${describe(action)}`);
    if (action.do === "relabel") checker.tamper(action.object);
    if (action.do === "put") checker.replacing(action.object, true);
    cluster.act(action);
  }
  let settled = NaN;
  if (!isOver()) {
    await stage.advance(Math.max(history.duration - clock.monotonic(), 0));
    write("--- all faults end");
    await cluster.heal();
    const healed = clock.monotonic();
    try {
      await ring.untilSettled({ within: recovery });
      await stage.eventually("the work on all objects is done", () => isWorkDone(cluster), { within: recovery });
      settled = clock.monotonic() - healed;
    } catch (error) {
      report("G2", describeError(error));
    }
  }
  for (const { shard, kind, key } of ring.clashes()) {
    if (!checker.isTampered(key)) report("G1", `two shards reconciled ${kind} ${key} at once, the second was ${shard}`);
  }
  if (endings && !isOver() && !Number.isNaN(settled)) {
    await seeSilence(cluster, write, report);
    await seeLeaving(cluster, write, report);
  }
  const digest = createHash("sha256").update(trace.join("\n")).digest("hex");
  const logs = [...stage.logs];
  return { violations, trace, digest, settled, requests: stage.mark, simulated: clock.monotonic(), logs };
}
