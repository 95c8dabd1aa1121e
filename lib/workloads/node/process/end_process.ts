import { type Clock, sleep } from "../../../util/clock/mod.ts";
import { untilAborted } from "../../../util/until_aborted.ts";
import type { RunningProcess } from "./process_runner.ts";

/** When and how a process is to end. */
export interface EndOptions {
  /** The process shall end. */
  readonly asked: AbortSignal;
  /** It shall end at once. */
  readonly kill: AbortSignal;
  /** It has ended. */
  readonly ended: AbortSignal;
  readonly clock: Clock;
  /** Milliseconds before SIGTERM (preStop hook "sleep"). */
  readonly pause: number;
  /** Milliseconds from SIGTERM to SIGKILL, asked right after SIGTERM; undefined: until `kill` aborts. */
  readonly patience: () => number | undefined;
}

/** Ends a process in order: a pause, SIGTERM, and SIGKILL when its time is over. Resolves when it has ended. */
export async function endProcess(process: RunningProcess, options: EndOptions): Promise<void> {
  const { asked, kill, ended, clock, pause, patience } = options;
  await untilAborted(asked, kill, ended);
  const over = AbortSignal.any([kill, ended]);
  if (!over.aborted && pause > 0) await sleep(clock, pause, over).catch(() => undefined);
  if (!over.aborted) {
    process.kill("SIGTERM");
    const time = patience();
    if (time === undefined) await untilAborted(over);
    else await sleep(clock, time, over).catch(() => undefined);
  }
  if (!ended.aborted) process.kill("SIGKILL");
  await untilAborted(ended);
}
