import { setImmediate } from "node:timers";
import type { Clock } from "./clock.ts";

interface Timer {
  readonly due: number;
  readonly order: number;
  readonly callback: () => void;
  /** "waiting" until it fires or is cancelled. */
  state: "waiting" | "over";
}

/**
 * A clock that stands still until a test moves it. Timers fire in the order of their due time (equal ones in the
 * order in which they were set), and between two of them everything that is ready to run runs to its end.
 */
export class VirtualClock implements Clock {
  #monotonic = 0;
  #wall: number;
  #order = 0;
  /** A binary heap: each comes before the two at twice its position and the one after. Some may be over. */
  readonly #heap: Timer[] = [];
  #pending = 0;

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
    const timer: Timer = {
      due: this.#monotonic + Math.max(ms, 0),
      order: this.#order++,
      callback,
      state: "waiting",
    };
    this.#pending++;
    this.#push(timer);
    return { [Symbol.dispose]: () => this.#end(timer) };
  }

  /** How many timers are set: zero when nothing waits any more. */
  get pending(): number {
    return this.#pending;
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
      this.#end(timer);
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

  #end(timer: Timer): void {
    if (timer.state === "over") return;
    timer.state = "over";
    this.#pending--;
  }

  /** The timer that is due first. What is over, and in its way, is dropped. */
  #earliest(): Timer | undefined {
    let first = this.#heap[0];
    while (first?.state === "over") {
      this.#dropFirst();
      first = this.#heap[0];
    }
    return first;
  }

  #push(timer: Timer): void {
    const heap = this.#heap;
    let index = heap.push(timer) - 1;
    while (index > 0) {
      const above = (index - 1) >> 1;
      const parent = heap[above];
      if (parent === undefined || isBefore(parent, timer)) break;
      heap[index] = parent;
      index = above;
    }
    heap[index] = timer;
  }

  #dropFirst(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let index = 0;
    while (true) {
      const left = heap[2 * index + 1];
      if (left === undefined) break;
      const right = heap[2 * index + 2];
      const isLeft = right === undefined || isBefore(left, right);
      const child = isLeft ? left : right;
      if (isBefore(last, child)) break;
      heap[index] = child;
      index = 2 * index + (isLeft ? 1 : 2);
    }
    heap[index] = last;
  }
}

function isBefore(one: Timer, other: Timer): boolean {
  return one.due < other.due || (one.due === other.due && one.order < other.order);
}
