import type { Clock } from "../../util/clock/mod.ts";
import type { WatchError } from "./watch_error.ts";

/** So often a watch that is forbidden is tried all the same, as the permission may come, in milliseconds. */
const tryAgainAfter = 60_000;

/** Where lists take the place of a watch as long as that is forbidden, and when which of the two is due. */
export class Polling {
  /** Milliseconds between two lists. */
  readonly period: number;
  readonly #clock: Clock;
  #reason: WatchError | undefined;
  #nextTry = 0;

  constructor(clock: Clock, period: number) {
    this.#clock = clock;
    this.period = period;
  }

  /** Why there are lists and no watch; undefined while watching is allowed, as far as we know. */
  get reason(): WatchError | undefined {
    return this.#reason;
  }

  /** Is it time to see whether watching is allowed by now? */
  get isTryDue(): boolean {
    return this.#clock.monotonic() >= this.#nextTry;
  }

  /** The watch is forbidden. */
  begin(reason: WatchError): void {
    this.#reason ??= reason;
    this.#nextTry = this.#clock.monotonic() + tryAgainAfter;
  }

  /** The watch is allowed. */
  end(): void {
    this.#reason = undefined;
  }
}
