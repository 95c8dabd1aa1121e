import type { Clock } from "../../util/clock/mod.ts";
import type { Logger } from "../../util/log.ts";
import type { Random } from "../../util/random.ts";
import type { ElectionObserver } from "./election_observer.ts";
import type { Lock } from "./election_record.ts";
import type { ElectionTiming } from "./timing.ts";

/** Settings of a `LeaderElector`. */
export interface LeaderElectorOptions extends ElectionTiming {
  /** What is held: one Lease. */
  readonly lock: Lock;
  /** Names the election in measurements. @default the lock's name without its namespace */
  readonly name?: string;
  /** Who we are; no other process may use it at the same time. */
  readonly identity: string;
  /** Gives the Lease back after the work has stopped, so that the next candidate need not wait. @default true */
  readonly releaseOnCancel?: boolean;
  /** Longest time of one request, in milliseconds. @default half of renewDeadline */
  readonly requestTimeout?: number;
  /**
   * After a loss, `run` waits so long for the work to end, in milliseconds.
   * @default leaseDuration - renewDeadline: others begin after that
   */
  readonly lossTimeout?: number;
  /** Called with each new holder that is seen, ourselves included; "" when the Lease was released. */
  readonly onNewLeader?: (identity: string) => void;
  /** Time of renewals and deadlines. */
  readonly clock: Clock;
  /** Jitter of the pauses between tries. */
  readonly random: Random;
  /** Hears who leads. */
  readonly observer?: ElectionObserver;
  /** Hears of gains, losses and failed renewals. @default the logger `sharding.election` */
  readonly logger?: Logger;
}

/** Work that only the holder may do. */
export type Lead = (
  /** Aborts when the work has to stop, because of a stop or a loss. */
  term: AbortSignal,
  /** Aborts when the Lease is lost: others may begin soon, so give up at once what was begun. */
  lost: AbortSignal,
) => Promise<void>;
