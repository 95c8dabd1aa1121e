import { isConflict } from "../../k8s/errors.ts";
import { formatKey, type ObjectKey } from "../../k8s/types.ts";
import { type Clock, sleep } from "../../util/clock/mod.ts";
import { getLogger, type Logger } from "../../util/log.ts";
import { type Random, randomSuffix } from "../../util/random.ts";
import { untilAborted } from "../../util/until_aborted.ts";
import { type QueueObserver, type RateLimiter, WorkQueue } from "../queue/mod.ts";
import { type Runnable, WorkNotStoppedError } from "../runnable.ts";
import { settledWithin } from "../settled_within.ts";
import { type ControllerObserver, isPanic, type Reconcile, type ReconcileOutcome, TerminalError } from "./reconcile.ts";
import type { Source } from "./source.ts";

/** Settings of a {@link Controller}. */
export interface ControllerOptions {
  /** Names the controller, its queue and their measurements. */
  readonly name: string;
  /** Called for each key. */
  readonly reconcile: Reconcile;
  /** Name the keys. The first call waits until all are ready. */
  readonly sources: readonly Source[];
  /** Keys that are worked on at the same time. @default 1 */
  readonly workers?: number;
  /** Pauses before a key is tried again. @default defaultLimiter(clock) */
  readonly limiter?: RateLimiter;
  /**
   * Time for the calls in flight after a stop, in milliseconds, when `run` gets no kill signal. Then their signal
   * aborts. @default 15_000
   */
  readonly gracePeriod?: number;
  /** Time that calls get to end after their signal has aborted, in milliseconds. @default 1_000 */
  readonly abandonAfter?: number;
  /** Time of pauses and limits. */
  readonly clock: Clock;
  /** Makes the ids of calls in logs. */
  readonly random: Random;
  /** Hears of workers and calls. */
  readonly observer?: ControllerObserver;
  /** Hears what goes in and out of the queue. */
  readonly queueObserver?: QueueObserver;
  /** Hears of failures and retries. @default the logger `sharding.controller` */
  readonly logger?: Logger;
}

/** Waiting for the sources is mentioned after so long, and again each time it has doubled, in milliseconds. */
const noteworthyWait = 10_000;

/**
 * Calls a reconciler for the keys that its sources name, with several workers and with retries.
 *
 * Stopping: when the signal of `run` aborts, no further key is handed out. Calls in flight may finish until `kill`
 * aborts (without one: for the grace period); then their own signal aborts. A call that does not end even then is
 * abandoned, and `run` rejects with its key, so nothing can hang the process.
 */
export class Controller implements Runnable {
  readonly name: string;
  readonly #options: ControllerOptions;
  readonly #logger: Logger;
  readonly #inWork = new Set<string>();

  /**
   * Nothing is watched or called yet; see {@link run}.
   * @throws RangeError when the number of workers is not a positive whole number.
   */
  constructor(options: ControllerOptions) {
    const { name, workers = 1, logger, observer } = options;
    if (!Number.isInteger(workers) || workers < 1) {
      throw new RangeError(`controller ${name} needs a positive whole number of workers: it is ${workers}`);
    }
    this.name = name;
    this.#options = options;
    this.#logger = (logger ?? getLogger(["sharding", "controller"])).with({ controller: name });
    observer?.onCreate(name, workers);
  }

  /**
   * Runs until `signal` aborts.
   * @throws WorkNotStoppedError when a call did not end in time, and what a source throws.
   */
  async run(signal: AbortSignal, kill?: AbortSignal): Promise<void> {
    const { name, sources, clock, limiter, queueObserver, abandonAfter = 1_000 } = this.#options;
    const queue = new WorkQueue<string>({
      name,
      clock,
      ...(limiter === undefined ? {} : { limiter }),
      ...(queueObserver === undefined ? {} : { observer: queueObserver }),
    });
    const failed = new AbortController();
    const stop = AbortSignal.any([signal, failed.signal, ...(kill === undefined ? [] : [kill])]);
    const enqueue = (key: ObjectKey, after?: number): void => {
      if (after === undefined) queue.add(formatKey(key));
      else queue.addAfter(formatKey(key), after);
    };
    const feeding = new Set<string>();
    const fed = Promise.all(sources.map(async (source) => {
      feeding.add(source.name);
      try {
        await source.start(enqueue, stop);
      } catch (error) {
        if (stop.aborted) this.#logger.debug("a source was cut off by the stop", { source: source.name, error });
        else failed.abort(error);
      } finally {
        feeding.delete(source.name);
      }
    }));
    try {
      if (await this.#sourcesReady(stop)) await this.#work(queue, stop, kill);
    } catch (error) {
      failed.abort(error);
      throw error;
    } finally {
      queue.shutDown();
    }
    if (failed.signal.aborted) throw failed.signal.reason;
    if (!await settledWithin(clock, abandonAfter, fed)) {
      throw new WorkNotStoppedError([...feeding].map((source) => `source ${source} of ${name}`));
    }
  }

  /** False when the controller was stopped before. */
  async #sourcesReady(stop: AbortSignal): Promise<boolean> {
    const { sources, clock } = this.#options;
    const missing = new Set(sources.map((source) => source.name));
    const ready = new AbortController();
    const waiting = AbortSignal.any([stop, ready.signal]);
    void this.#noteSlowSources(clock, missing, waiting);
    try {
      await Promise.all(sources.map(async (source) => {
        await source.whenReady(stop);
        missing.delete(source.name);
      }));
      return !stop.aborted;
    } catch (error) {
      if (stop.aborted) return false;
      throw error;
    } finally {
      ready.abort();
    }
  }

  async #noteSlowSources(clock: Clock, missing: ReadonlySet<string>, waiting: AbortSignal): Promise<void> {
    let waited = 0;
    while (!waiting.aborted) {
      const pause = waited === 0 ? noteworthyWait : waited;
      await sleep(clock, pause, waiting).catch(() => undefined);
      if (waiting.aborted) return;
      waited += pause;
      this.#logger.warn("workers have not started: sources are not ready yet", {
        sources: [...missing].join(", "),
        waitedSeconds: waited / 1_000,
      });
    }
  }

  async #work(queue: WorkQueue<string>, stop: AbortSignal, kill: AbortSignal | undefined): Promise<void> {
    const { workers = 1 } = this.#options;
    const abort = new AbortController();
    this.#logger.info("started", { workers });
    const working = Promise.all(Array.from({ length: workers }, async () => {
      for await (const key of queue.items(stop)) await this.#reconcile(queue, key, abort.signal);
    }));
    // Aborted by its end or by the limit, whichever comes first, so that no timer is left behind.
    const ended = new AbortController();
    const limit = this.#abandon(stop, kill, abort, ended.signal);
    try {
      await Promise.race([working, limit]);
    } finally {
      ended.abort();
      abort.abort(new Error(`controller ${this.name} has stopped`));
    }
    this.#logger.info("stopped");
  }

  /** Aborts the calls in flight when their time is over; rejects when some do not heed that. */
  async #abandon(
    stop: AbortSignal,
    kill: AbortSignal | undefined,
    abort: AbortController,
    ended: AbortSignal,
  ): Promise<void> {
    const { clock, gracePeriod = 15_000, abandonAfter = 1_000 } = this.#options;
    await untilAborted(kill === undefined ? stop : kill, ended);
    if (kill === undefined) await sleep(clock, gracePeriod, ended).catch(() => undefined);
    if (ended.aborted) return;
    if (this.#inWork.size > 0) {
      this.#logger.warn("aborting reconciles in flight", { keys: [...this.#inWork].join(", ") });
    }
    abort.abort(new Error(`controller ${this.name} was told to stop, and the time to finish is over`));
    await sleep(clock, abandonAfter, ended).catch(() => undefined);
    if (ended.aborted || this.#inWork.size === 0) return;
    throw new WorkNotStoppedError([...this.#inWork].map((key) => `${this.name} (${key})`));
  }

  async #reconcile(queue: WorkQueue<string>, key: string, signal: AbortSignal): Promise<void> {
    const { clock, random, observer, reconcile } = this.#options;
    const objectKey = parseKey(key);
    const logger = this.#logger.with({ ...objectKey, reconcileID: randomSuffix(random, 8) });
    const start = clock.monotonic();
    let outcome: ReconcileOutcome = "error";
    let failure: unknown;
    this.#inWork.add(key);
    observer?.onActive(this.name, this.#inWork.size);
    try {
      outcome = requeue(queue, key, (await reconcile(objectKey, { signal, logger }))?.requeueAfter);
    } catch (error) {
      failure = error;
      this.#retry(queue, key, error, signal, logger);
    } finally {
      this.#inWork.delete(key);
      observer?.onActive(this.name, this.#inWork.size);
      const terminal = failure instanceof TerminalError;
      const panic = outcome === "error" && isPanic(failure);
      observer?.onReconciled(this.name, { outcome, seconds: (clock.monotonic() - start) / 1_000, terminal, panic });
    }
  }

  #retry(queue: WorkQueue<string>, key: string, error: unknown, signal: AbortSignal, logger: Logger): void {
    if (error instanceof TerminalError) {
      queue.forget(key);
      logger.error("reconcile failed for good, waiting for the next change of the object", { error });
      return;
    }
    queue.addRateLimited(key);
    const retries = queue.retries(key);
    if (signal.aborted) logger.debug("reconcile was aborted", { error });
    else if (isConflict(error)) logger.debug("the object has changed meanwhile, trying again", { error, retries });
    else if (isPanic(error)) {
      const stack = error instanceof Error ? error.stack : undefined;
      logger.error("reconcile failed by a mistake of the program, trying again", { error, stack, retries });
    } else logger.error("reconcile failed, trying again", { error, retries });
  }
}

/** What a success means for the queue. */
function requeue(queue: WorkQueue<string>, key: string, after: number | undefined): ReconcileOutcome {
  if (Number.isNaN(after)) throw new RangeError("requeueAfter must be a number of milliseconds: it is NaN");
  if (after !== undefined && after <= 0) {
    queue.addRateLimited(key);
    return "requeue";
  }
  queue.forget(key);
  if (after === undefined || after === Infinity) return "success";
  queue.addAfter(key, after);
  return "requeue_after";
}

/** The inverse of `formatKey`. */
function parseKey(key: string): ObjectKey {
  const slash = key.indexOf("/");
  return slash < 0 ? { namespace: "", name: key } : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}
