import type { Clock } from "../../util/clock/mod.ts";

/** Tells at any time whether the holder of a Lease may still write: asked before each request (the local fence). */
export interface Fence {
  /** True when the Lease is not held, or was not renewed in time: nothing may be written. */
  expired(): boolean;
  /** Milliseconds that are left until {@link expired}; 0 when it is. */
  remaining(): number;
  /** Wall-clock time, in milliseconds since the epoch, from which on nothing may be written; 0 when nothing is held. */
  deadline(): number;
}

/** A moment on both clocks. */
export interface Moment {
  readonly wall: number;
  readonly monotonic: number;
}

/** The current moment. */
export function momentOf(clock: Clock): Moment {
  return { wall: clock.now(), monotonic: clock.monotonic() };
}

/**
 * Milliseconds since a moment, by the clock that went further: monotonic time may stop while the machine is
 * suspended, wall time may be set back.
 */
export function elapsedSince(clock: Clock, moment: Moment): number {
  return Math.max(clock.now() - moment.wall, clock.monotonic() - moment.monotonic);
}

/** A fence that falls `renewDeadline` milliseconds after the start of the last renewal. */
export class LeaseFence implements Fence {
  readonly #clock: Clock;
  readonly #renewDeadline: number;
  #renewal: Moment | undefined;

  /** @param renewDeadline in milliseconds. */
  constructor(clock: Clock, renewDeadline: number) {
    this.#clock = clock;
    this.#renewDeadline = renewDeadline;
  }

  /** A renewal succeeded that started at `start`. */
  renewed(start: Moment): void {
    this.#renewal = start;
  }

  /** The Lease is not held any more. */
  revoke(): void {
    this.#renewal = undefined;
  }

  expired(): boolean {
    return this.remaining() <= 0;
  }

  remaining(): number {
    if (this.#renewal === undefined) return 0;
    return Math.max(0, this.#renewDeadline - elapsedSince(this.#clock, this.#renewal));
  }

  deadline(): number {
    return this.#renewal === undefined ? 0 : this.#clock.now() + this.remaining();
  }
}
