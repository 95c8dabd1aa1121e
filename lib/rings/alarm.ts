import type { Clock } from "../util/clock/mod.ts";

/** Calls back at the earliest of the moments that it was given since it last did. */
export class Alarm implements Disposable {
  readonly #clock: Clock;
  readonly #ring: () => void;
  #moment = Infinity;
  #timer: Disposable | undefined;

  constructor(clock: Clock, ring: () => void) {
    this.#clock = clock;
    this.#ring = ring;
  }

  /**
   * Sees to it that the call comes no later than at `moment` (monotonic milliseconds; Infinity asks for nothing). Cheap
   * when an earlier call is due anyway.
   */
  at(moment: number): void {
    if (moment >= this.#moment) return;
    this.#timer?.[Symbol.dispose]();
    this.#moment = moment;
    this.#timer = this.#clock.timer(moment - this.#clock.monotonic(), () => {
      this.#moment = Infinity;
      this.#ring();
    });
  }

  /** No call comes any more, whatever is asked for. */
  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
    this.#moment = -Infinity;
  }
}
