import { setImmediate } from "node:timers";
import type { Clock } from "./clock.ts";

interface Timer {
  readonly due: number;
  readonly order: number;
  readonly callback: () => void;
}

/**
 * A clock that stands still until a test moves it. Timers fire in the order of their due time (equal ones in the
 * order in which they were set), and between two of them everything that is ready to run runs to its end.
 */
export class VirtualClock implements Clock {
  #monotonic = 0;
  #wall: number;
  #order = 0;
  readonly #timers = new Set<Timer>();

  /**
   * It stands still at its beginning.
   * @param start wall-clock time at the beginning, in milliseconds since the epoch or as an ISO 8601 string.
   */
  constructor(start: number | string = "2026-01-01T00:00:00Z") {
    this.#wall = typeof start === "number" ? start : Date.parse(start);
  }

  now(): number {
    return this.#wall;
  }

  monotonic(): number {
    return this.#monotonic;
  }

  timer(ms: number, callback: () => void): Disposable {
    const timer = { due: this.#monotonic + Math.max(ms, 0), order: this.#order++, callback };
    this.#timers.add(timer);
    return { [Symbol.dispose]: () => void this.#timers.delete(timer) };
  }

  /** How many timers are set: zero when nothing waits any more. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Milliseconds until the next timer is due; undefined when there is none. */
  get next(): number | undefined {
    const timer = this.#earliest();
    return timer === undefined ? undefined : timer.due - this.#monotonic;
  }

  /** Runs everything that is ready, without moving the time. */
  async settle(): Promise<void> {
    // A macrotask begins only after all promise jobs are done. Two of them, as some runtime streams hop through one.
    for (let turn = 0; turn < 2; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
  }

  /** Moves the time forward by `ms` milliseconds and runs all that becomes due on the way. */
  async advance(ms: number): Promise<void> {
    const end = this.#monotonic + ms;
    await this.settle();
    for (let timer = this.#earliest(); timer !== undefined && timer.due <= end; timer = this.#earliest()) {
      this.#moveTo(timer.due);
      this.#timers.delete(timer);
      timer.callback();
      await this.settle();
    }
    this.#moveTo(end);
  }

  /**
   * Moves the time from timer to timer until `condition` holds.
   * @param limit give up after so many milliseconds of virtual time.
   * @throws Error when the condition does not hold within the limit.
   */
  async advanceUntil(condition: () => boolean | Promise<boolean>, limit: number): Promise<void> {
    const end = this.#monotonic + limit;
    await this.settle();
    while (!await condition()) {
      const next = this.next;
      if (next === undefined || this.#monotonic + next > end) {
        throw new Error(`the condition did not hold within ${limit} ms of virtual time`);
      }
      await this.advance(next);
    }
  }

  /** Sets the wall clock forward or back, as an administrator or NTP would; the monotonic time stays. */
  jump(ms: number): void {
    this.#wall += ms;
  }

  #moveTo(monotonic: number): void {
    this.#wall += monotonic - this.#monotonic;
    this.#monotonic = monotonic;
  }

  #earliest(): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.#timers) {
      if (first === undefined || timer.due < first.due || (timer.due === first.due && timer.order < first.order)) {
        first = timer;
      }
    }
    return first;
  }
}
