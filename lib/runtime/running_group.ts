import type { Clock } from "../util/clock/mod.ts";
import type { Logger } from "../util/log.ts";
import { type Runnable, WorkNotStoppedError } from "./runnable.ts";
import { settledWithin } from "./settled_within.ts";

interface Member {
  readonly name: string;
  readonly stop: AbortController;
  readonly ended: Promise<void>;
  running: boolean;
}

/** Settings of a {@link RunningGroup}. */
export interface RunningGroupOptions {
  readonly clock: Clock;
  /** Milliseconds that what was killed gets to end. */
  readonly abandonAfter: number;
  /** Aborts when there is no more time to stop in order. */
  readonly kill: AbortSignal;
  readonly logger: Logger;
  /** Called with the error of each runnable that fails. */
  readonly fail: (error: unknown) => void;
}

/** Runnables that were started together and are stopped in reverse order. */
export class RunningGroup {
  readonly #options: RunningGroupOptions;
  readonly #members: Member[] = [];
  /** What members left behind that have ended themselves. */
  readonly #leftBehind: string[] = [];

  constructor(options: RunningGroupOptions) {
    this.#options = options;
  }

  /** Starts one more. */
  start(runnable: Runnable): void {
    const stop = new AbortController();
    const member: Member = {
      name: runnable.name,
      stop,
      running: true,
      ended: this.#run(runnable, stop.signal).finally(() => member.running = false),
    };
    this.#members.push(member);
  }

  /**
   * Stops the last one started, waits for its end, and so on; all together once `kill` has aborted.
   * @returns what did not end, one name each.
   */
  async stop(): Promise<string[]> {
    const { clock, abandonAfter, kill, logger } = this.#options;
    for (const member of this.#members.toReversed()) {
      if (kill.aborted) break;
      member.stop.abort();
      await untilEither(member.ended, kill);
    }
    for (const member of this.#members) member.stop.abort();
    const running = this.#members.filter((member) => member.running);
    if (running.length === 0) return this.#leftBehind;
    logger.warn("killing what has not stopped yet", { running: namesOf(running) });
    await settledWithin(clock, abandonAfter, Promise.all(running.map((member) => member.ended)));
    const left = running.filter((member) => member.running);
    if (left.length > 0) logger.error("abandoning what does not stop", { running: namesOf(left) });
    return [...this.#leftBehind, ...left.map((member) => member.name)];
  }

  /** Never rejects. */
  async #run(runnable: Runnable, stop: AbortSignal): Promise<void> {
    const { kill, logger, fail } = this.#options;
    try {
      await runnable.run(stop, kill);
    } catch (error) {
      // Many waits end by throwing the signal's reason: that is a stop in order.
      if (stop.aborted && (error === stop.reason || error === kill.reason)) return;
      if (error instanceof WorkNotStoppedError) {
        logger.error("ended, but left work behind that does not stop", { runnable: runnable.name, error });
        this.#leftBehind.push(...error.unfinished);
      } else {
        logger.error("failed, stopping everything", { runnable: runnable.name, error });
        fail(error);
      }
    }
  }
}

function namesOf(members: readonly Member[]): string {
  return members.map((member) => member.name).join(", ");
}

async function untilEither(ended: Promise<void>, kill: AbortSignal): Promise<void> {
  const killed = Promise.withResolvers<void>();
  const onKill = (): void => killed.resolve();
  kill.addEventListener("abort", onKill, { once: true });
  try {
    await Promise.race([ended, killed.promise]);
  } finally {
    kill.removeEventListener("abort", onKill);
  }
}
