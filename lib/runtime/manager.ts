import type { Clock } from "../util/clock/mod.ts";
import { getLogger, type Logger } from "../util/log.ts";
import { untilAborted } from "../util/until_aborted.ts";
import { type Runnable, WorkNotStoppedError } from "./runnable.ts";
import { RunningGroup } from "./running_group.ts";

/** Lets a group of runnables work only while something is held; a LeaderElector is one. */
export interface LeadershipGate {
  /** Names it in logs and errors. */
  readonly name: string;
  /**
   * Calls `lead` once when the work may begin. Resolves after it has ended; rejects when the right to work is lost.
   * @param lead ends after `term` has aborted; `lost` aborts when nothing begun may be finished.
   */
  run(signal: AbortSignal, lead: (term: AbortSignal, lost: AbortSignal) => Promise<void>): Promise<void>;
}

/** The group of what runs on every replica all the time. */
export const always = "always";

/** Settings of a {@link Manager}. */
export interface ManagerOptions {
  /** Leadership groups: the name that `add` takes, and what the group waits for. */
  readonly gates?: Readonly<Record<string, LeadershipGate>>;
  /** Milliseconds that everything gets to stop in order: 0 none, negative endless. @default 15_000 */
  readonly gracefulShutdown?: number;
  /** Milliseconds that what was killed gets to end, before it is abandoned. @default 3_000 */
  readonly abandonAfter?: number;
  readonly clock: Clock;
  readonly logger?: Logger;
}

/**
 * Runs the parts of a process side by side: those of the group "always" at once, those of a leadership group while
 * its gate leads.
 *
 * It stops them one after another in the reverse order of their start - leadership groups first, each Lease being
 * released after its group has stopped - within `gracefulShutdown`; then all that is left is killed together. The
 * loss of a gate kills everything at once. A runnable that fails stops all others in order.
 */
export class Manager {
  readonly #options: ManagerOptions;
  readonly #logger: Logger;
  readonly #groups = new Map<string, Runnable[]>([[always, []]]);
  #started = false;

  constructor(options: ManagerOptions) {
    this.#options = options;
    this.#logger = options.logger ?? getLogger(["sharding", "manager"]);
    for (const name of Object.keys(options.gates ?? {})) this.#groups.set(name, []);
  }

  /**
   * Adds something to run; within a group the order of adding is the order of starting.
   * @param group "always" or the name of a gate.
   * @throws Error for an unknown group, or after the start.
   */
  add(runnable: Runnable, group: string = always): void {
    const members = this.#groups.get(group);
    if (members === undefined) {
      const known = [...this.#groups.keys()].join(", ");
      throw new Error(`cannot add ${runnable.name} to the unknown group "${group}": there are ${known}`);
    }
    if (this.#started) throw new Error(`cannot add ${runnable.name}: the manager has started`);
    members.push(runnable);
  }

  /**
   * Runs until `signal` aborts and everything has stopped.
   * @throws the error of the first runnable that failed, the gate's error when it was lost, or a WorkNotStoppedError
   * that names what did not stop in time; an AggregateError when there are several.
   */
  async run(signal: AbortSignal): Promise<void> {
    if (this.#started) throw new Error("a manager runs only once");
    this.#started = true;
    const { clock, gates = {}, gracefulShutdown = 15_000 } = this.#options;
    const errors: unknown[] = [];
    const stop = new AbortController();
    const kill = new AbortController();
    const fail = (error: unknown): void => {
      if (!errors.includes(error)) errors.push(error);
      stop.abort(error);
    };
    const stopped = AbortSignal.any([signal, stop.signal]);
    const base = this.#start(always, kill.signal, fail);
    // Nobody campaigns for the sake of an empty group: its Lease would be held for nothing.
    const led = Object.entries(gates).filter(([name]) => (this.#groups.get(name)?.length ?? 0) > 0)
      .map(([name, gate]) => this.#runGated(name, gate, stopped, kill, fail));
    await untilAborted(stopped);
    this.#logger.info("stopping");
    using _grace = gracefulShutdown < 0 ? undefined : clock.timer(gracefulShutdown, () => kill.abort());
    if (gracefulShutdown === 0) kill.abort();
    await Promise.all(led);
    const unfinished = await base.stop();
    if (unfinished.length > 0) errors.push(new WorkNotStoppedError(unfinished));
    this.#logger.info("stopped");
    if (errors.length === 1) throw errors[0];
    if (errors.length > 1) throw new AggregateError(errors, "the process did not end in order");
  }

  /** Runs one leadership group; never rejects. */
  async #runGated(
    name: string,
    gate: LeadershipGate,
    stopped: AbortSignal,
    kill: AbortController,
    fail: (error: unknown) => void,
  ): Promise<void> {
    try {
      await gate.run(stopped, async (term, lost) => {
        const group = this.#start(name, AbortSignal.any([kill.signal, lost]), fail);
        await untilAborted(term);
        const unfinished = await group.stop();
        // The gate must not let others begin: this rejection tells it so.
        if (unfinished.length > 0) throw new WorkNotStoppedError(unfinished);
      });
    } catch (error) {
      if (!(error instanceof WorkNotStoppedError)) {
        // Not in order: what others may do from now on must not meet anything of ours.
        this.#logger.error("lost leadership, ending everything", { group: name, gate: gate.name, error });
        kill.abort(error);
      }
      fail(error);
    }
  }

  #start(name: string, kill: AbortSignal, fail: (error: unknown) => void): RunningGroup {
    const { clock, abandonAfter = 3_000 } = this.#options;
    const group = new RunningGroup({ clock, abandonAfter, kill, logger: this.#logger, fail });
    for (const runnable of this.#groups.get(name) ?? []) group.start(runnable);
    return group;
  }
}
