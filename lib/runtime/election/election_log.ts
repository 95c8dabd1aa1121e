import { isAlreadyExists, isConflict } from "../../k8s/errors.ts";
import { describeError, getLogger, type Logger } from "../../util/log.ts";

/** The Lease was lost while work was going on. The process should exit, as it cannot know what it missed. */
export class LeadershipLostError extends Error {
  /** Tells it from other errors. */
  override readonly name = "LeadershipLostError";
}

/** A renewal pause that takes so much longer than it should, in milliseconds, is worth a warning. */
const noteworthyLag = 1_000;

/** Whose election it is, and who hears of it. */
export interface ElectionLogParts {
  /** Names the Lease, as `namespace/name`. */
  readonly lease: string;
  readonly identity: string;
  readonly logger?: Logger | undefined;
  readonly onNewLeader?: ((identity: string) => void) | undefined;
}

/** What a candidate tells of its election. */
export class ElectionLog {
  readonly logger: Logger;
  readonly #parts: ElectionLogParts;
  #reportedLeader = "";
  #lastFailure = "";

  constructor(parts: ElectionLogParts) {
    const { lease, identity, logger = getLogger(["sharding", "election"]) } = parts;
    this.#parts = parts;
    this.logger = logger.with({ lease, identity });
  }

  /** An attempt has succeeded: the next failure is a new one. */
  succeeded(): void {
    this.#lastFailure = "";
  }

  /** The same failure again and again is one warning. Losing a race against other candidates is none. */
  failed(error: unknown): void {
    const failure = describeError(error);
    const level = isConflict(error) || isAlreadyExists(error) || failure === this.#lastFailure ? "debug" : "warn";
    this.#lastFailure = failure;
    this.logger[level]("cannot acquire or renew the Lease, trying again", { error });
  }

  /** This identity holds the Lease, as far as is known; "" when nobody does. */
  sawLeader(holder: string): void {
    if (holder === this.#reportedLeader) return;
    this.#reportedLeader = holder;
    this.logger.debug("the Lease has a new holder", { holder });
    this.#parts.onNewLeader?.(holder);
  }

  /** A pause took so many milliseconds longer than it should. */
  lagged(lag: number): void {
    if (lag < noteworthyLag) return;
    this.logger.warn("the process did not get to renew the Lease for a while: it is overloaded or was suspended", {
      lagSeconds: Math.round(lag) / 1_000,
    });
  }

  /** The error for a lost Lease. @param what completes "the Lease ..." */
  loss(what: string, holder = ""): LeadershipLostError {
    const by = holder === "" ? "" : ` by "${holder}"`;
    const failure = this.#lastFailure === "" ? "" : `; last failure: ${this.#lastFailure}`;
    return new LeadershipLostError(`Lease ${this.#parts.lease} of "${this.#parts.identity}" ${what}${by}${failure}`);
  }
}
