import type { Clock } from "../../util/clock/mod.ts";
import { DelayedKeys } from "./delayed_keys.ts";
import { Fifo } from "./fifo.ts";
import type { QueueGauges, QueueObserver } from "./queue_observer.ts";
import { defaultLimiter, type RateLimiter } from "./rate_limiter.ts";

/** Settings of a {@link WorkQueue}. */
export interface WorkQueueOptions<K extends string> {
  /** Names the queue in measurements. */
  readonly name: string;
  /** Time of delays and measurements. */
  readonly clock: Clock;
  /** How long `addRateLimited` makes a key wait. @default defaultLimiter(clock) */
  readonly limiter?: RateLimiter<K>;
  /** Hears what goes in and out. */
  readonly observer?: QueueObserver;
}

/**
 * Keys that need work, handed to any number of workers (the contract of client-go's work queue):
 * - fair: keys come out in the order in which they went in;
 * - a key that is added several times before a worker takes it is worked on once;
 * - a key is never with two workers at once; added meanwhile, it comes again after its worker is done;
 * - after a shutdown nothing is added any more, workers still get what waits, then their iterations end.
 */
export class WorkQueue<K extends string> implements QueueGauges {
  /** Names the queue in measurements. */
  readonly name: string;
  readonly #clock: Clock;
  readonly #limiter: RateLimiter<K>;
  readonly #observer: QueueObserver | undefined;
  /** Keys that need work, and since when (monotonic). Those in `#processing` join `#ready` when they are done. */
  readonly #dirty = new Map<K, number>();
  readonly #processing = new Map<K, number>();
  readonly #ready = new Fifo<K>();
  readonly #delayed: DelayedKeys<K>;
  readonly #idleWorkers = new Fifo<() => void>();
  readonly #drained = new Set<() => void>();
  #shuttingDown = false;

  /** It takes and gives keys at once; there is nothing to start. */
  constructor(options: WorkQueueOptions<K>) {
    const { name, clock, limiter = defaultLimiter<K>(clock), observer } = options;
    this.name = name;
    this.#clock = clock;
    this.#limiter = limiter;
    this.#observer = observer;
    this.#delayed = new DelayedKeys<K>(clock, (key) => this.add(key));
    observer?.onCreate(name, this);
  }

  /** Keys that a worker could take now. For information: it may change at any time. */
  get length(): number {
    return this.#ready.length;
  }

  get depth(): number {
    return this.#dirty.size;
  }

  /** Keys that were added for later and are not due yet. */
  get delayed(): number {
    return this.#delayed.size;
  }

  /** Has a shutdown begun? */
  get shuttingDown(): boolean {
    return this.#shuttingDown;
  }

  unfinished(): { readonly totalSeconds: number; readonly longestSeconds: number } {
    const now = this.#clock.monotonic();
    let totalSeconds = 0;
    let longestSeconds = 0;
    for (const since of this.#processing.values()) {
      const seconds = (now - since) / 1_000;
      totalSeconds += seconds;
      longestSeconds = Math.max(longestSeconds, seconds);
    }
    return { totalSeconds, longestSeconds };
  }

  /** The key needs work. */
  add(key: K): void {
    if (this.#shuttingDown || this.#dirty.has(key)) return;
    this.#observer?.onAdd(this.name);
    this.#dirty.set(key, this.#clock.monotonic());
    if (!this.#processing.has(key)) this.#makeReady(key);
  }

  /** The key needs work in `ms` milliseconds (now, when that is not positive). Of several times the earliest holds. */
  addAfter(key: K, ms: number): void {
    if (this.#shuttingDown) return;
    this.#observer?.onRetry(this.name);
    if (ms > 0) this.#delayed.add(key, ms);
    else this.add(key);
  }

  /** The key needs work as soon as the rate limiter allows. */
  addRateLimited(key: K): void {
    if (!this.#shuttingDown) this.addAfter(key, this.#limiter.next(key));
  }

  /** The key succeeded, or is given up: the rate limiter begins anew. Work that is due stays due. */
  forget(key: K): void {
    this.#limiter.forget(key);
  }

  /** How often the key was added rate-limited since it was last forgotten. */
  retries(key: K): number {
    return this.#limiter.retries(key);
  }

  /**
   * The keys for one worker; each worker iterates on its own. A key counts as done when its worker asks for the next
   * one or ends the iteration, so it cannot be forgotten. Ends when `signal` aborts or, after a shutdown, when no key
   * waits any more.
   */
  async *items(signal?: AbortSignal): AsyncGenerator<K, void, undefined> {
    for (let key = await this.#take(signal); key !== undefined; key = await this.#take(signal)) {
      try {
        yield key;
      } finally {
        this.#done(key);
      }
    }
  }

  /** Ends the queue: no key is added any more, delayed ones are dropped, those that wait are still handed out. */
  shutDown(): void {
    this.#shutDown();
    this.#tellDrained();
  }

  /**
   * Ends the queue and waits until the keys that wait and those in work are done. `shutDown` ends the waiting, as
   * does the signal.
   */
  async shutDownWithDrain(signal?: AbortSignal): Promise<void> {
    this.#shutDown();
    if (this.#isDrained() || signal?.aborted === true) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const ended = (): void => resolve();
    this.#drained.add(ended);
    signal?.addEventListener("abort", ended, { once: true });
    try {
      await promise;
    } finally {
      this.#drained.delete(ended);
      signal?.removeEventListener("abort", ended);
    }
  }

  async #take(signal: AbortSignal | undefined): Promise<K | undefined> {
    while (signal?.aborted !== true) {
      const key = this.#ready.shift();
      if (key !== undefined) return this.#begin(key);
      if (this.#shuttingDown) return undefined;
      await this.#nextReady(signal);
    }
    // This worker may have been woken for a key that it does not take any more: wake another one.
    this.#wakeWorker();
    return undefined;
  }

  async #nextReady(signal: AbortSignal | undefined): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#idleWorkers.push(resolve);
    signal?.addEventListener("abort", aborted, { once: true });
    const idle = this.#idleWorkers;
    function aborted(): void {
      idle.remove(resolve);
      resolve();
    }
    try {
      await promise;
    } finally {
      signal?.removeEventListener("abort", aborted);
    }
  }

  #begin(key: K): K {
    const now = this.#clock.monotonic();
    this.#observer?.onTake(this.name, (now - (this.#dirty.get(key) ?? now)) / 1_000);
    this.#dirty.delete(key);
    this.#processing.set(key, now);
    return key;
  }

  #done(key: K): void {
    const now = this.#clock.monotonic();
    this.#observer?.onDone(this.name, (now - (this.#processing.get(key) ?? now)) / 1_000);
    this.#processing.delete(key);
    if (this.#dirty.has(key)) this.#makeReady(key);
    else if (this.#isDrained()) this.#tellDrained();
  }

  #makeReady(key: K): void {
    this.#ready.push(key);
    this.#wakeWorker();
  }

  #wakeWorker(): void {
    if (this.#ready.length > 0) this.#idleWorkers.shift()?.();
  }

  #shutDown(): void {
    this.#shuttingDown = true;
    this.#delayed[Symbol.dispose]();
    for (let wake = this.#idleWorkers.shift(); wake !== undefined; wake = this.#idleWorkers.shift()) wake();
  }

  #isDrained(): boolean {
    return this.#shuttingDown && this.#ready.length === 0 && this.#processing.size === 0;
  }

  #tellDrained(): void {
    for (const resolve of this.#drained) resolve();
  }
}
