import type { RestClient } from "../../k8s/contract.ts";
import { ApiError, isForbidden, isNotFound, isOverloaded } from "../../k8s/errors.ts";
import type { KubeObject } from "../../k8s/types.ts";
import { BoundedQueue } from "../../util/bounded_queue.ts";
import { type Clock, deadline, sleep } from "../../util/clock/mod.ts";
import { getLogger, type Logger } from "../../util/log.ts";
import { jitter, type Random } from "../../util/random.ts";
import { BucketLimiter } from "../queue/mod.ts";
import type { Runnable } from "../runnable.ts";
import {
  eventIdentity,
  eventNamespace,
  type EventNote,
  type EventReporter,
  newEvent,
  objectIdentity,
  seriesOf,
} from "./event.ts";
import { EventApi } from "./event_api.ts";

/** Settings of an {@link EventRecorder}. */
export interface EventRecorderOptions {
  /** Writes the events. Whoever made it closes it. */
  readonly client: RestClient;
  /** Who reports. */
  readonly reporter: EventReporter;
  /** Time stamps, and the pauses between repetitions. */
  readonly clock: Clock;
  /** Names of events, and jitter of the pauses between tries. */
  readonly random: Random;
  /** Events that may wait to be sent; more are dropped. @default 1000 */
  readonly capacity?: number;
  /** Hears of events that could not be written. @default the logger `sharding.events` */
  readonly logger?: Logger;
}

/** The same event again within this time since the last one counts as a series, in milliseconds. */
const seriesWindow = 6 * 60_000;
/** The count of a series is written at most this often, in milliseconds. */
const seriesPeriod = 60_000;
/** Per object: events at once, and the milliseconds until one more may follow (as client-go's spam filter). */
const objectBurst = 25;
const objectPeriod = 5 * 60_000;
/** Objects and events that are remembered; beyond that the oldest are forgotten. */
const mostRemembered = 4_096;
const requestTimeout = 10_000;
const tries = 4;
const retryPause = 5_000;

/** An event and what is known of its repetitions. */
interface Series {
  readonly object: KubeObject;
  readonly note: EventNote;
  readonly first: number;
  last: number;
  count: number;
  /** The count that is stored, or on its way. */
  sentCount: number;
  sentAt: number;
  /** The stored event's name. */
  name: string | undefined;
}

/**
 * Tells people what happened to an object, as events of `events.k8s.io/v1`. Events are sent in the background by
 * `run`; repetitions are counted in one event; an object that causes too many is cut off. Nothing that goes wrong
 * with events reaches the caller: it is logged once until an event succeeds again.
 */
export class EventRecorder implements Runnable {
  readonly name = "events";
  readonly #options: EventRecorderOptions;
  readonly #api: EventApi;
  readonly #logger: Logger;
  readonly #queue: BoundedQueue<Series>;
  /** In the order of their last use. */
  readonly #series = new Map<string, Series>();
  readonly #limiters = new Map<string, BucketLimiter>();
  #failing = false;
  #dropping = false;

  /** Events are written while it runs; see {@link run}. */
  constructor(options: EventRecorderOptions) {
    const { client, clock, capacity = 1_000, logger } = options;
    this.#options = options;
    this.#api = new EventApi(client, clock);
    this.#logger = logger ?? getLogger(["sharding", "events"]);
    this.#queue = new BoundedQueue<Series>(capacity);
  }

  /** Notes that something happened to an object. Returns at once and never throws. */
  record(object: KubeObject, note: EventNote): void {
    const now = this.#options.clock.now();
    const identity = eventIdentity(object, note);
    const known = this.#series.get(identity);
    if (known !== undefined && now - known.last < seriesWindow) {
      known.count++;
      known.last = now;
      remember(this.#series, identity, known);
      // The second one is news; later ones only raise a number, which may wait for its turn.
      if (known.count === 2) this.#send(known);
      return;
    }
    if (!this.#isAllowed(object)) return;
    const series = { object, note, first: now, last: now, count: 1, sentCount: 0, sentAt: 0, name: undefined };
    remember(this.#series, identity, series);
    this.#send(series);
  }

  /** Sends events until `signal` aborts, then those that wait, unless `kill` aborts or a request fails. */
  async run(signal: AbortSignal, kill?: AbortSignal): Promise<void> {
    const sweeping = this.#sweep(signal);
    const close = (): void => this.#queue.close();
    if (signal.aborted) close();
    else signal.addEventListener("abort", close, { once: true });
    for await (const series of this.#queue) {
      if (kill?.aborted === true || (signal.aborted && this.#failing)) continue;
      await this.#deliver(series, signal, kill);
    }
    await sweeping;
  }

  /** Writes the counts that have risen, and forgets what has ended. */
  async #sweep(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    while (!signal.aborted) {
      await sleep(clock, seriesPeriod, signal).catch(() => undefined);
      const now = clock.now();
      for (const [identity, series] of this.#series) {
        if (series.count > series.sentCount && now - series.sentAt >= seriesPeriod) this.#send(series);
        else if (now - series.last >= seriesWindow) this.#series.delete(identity);
      }
    }
  }

  #isAllowed(object: KubeObject): boolean {
    const identity = objectIdentity(object);
    const { clock } = this.#options;
    const limiter = this.#limiters.get(identity) ??
      new BucketLimiter({ rate: 1_000 / objectPeriod, burst: objectBurst, clock });
    remember(this.#limiters, identity, limiter);
    return limiter.tryNext();
  }

  #send(series: Series): void {
    if (series.sentCount === series.count) return;
    if (this.#queue.push(series)) {
      series.sentCount = series.count;
      series.sentAt = this.#options.clock.now();
      this.#dropping = false;
    } else if (!this.#dropping) {
      this.#dropping = true;
      this.#logger.warn("too many events wait to be sent, dropping some");
    }
  }

  async #deliver(series: Series, signal: AbortSignal, kill: AbortSignal | undefined): Promise<void> {
    const { clock, random } = this.#options;
    for (let attempt = 1; attempt <= tries; attempt++) {
      using limit = deadline(clock, requestTimeout, "sending an event", kill);
      try {
        await this.#write(series, limit.signal);
        this.#failing = false;
        return;
      } catch (error) {
        this.#noteFailure(error);
        // What the API server refuses now it refuses again; a stop does not wait for better times.
        if ((error instanceof ApiError && !isOverloaded(error)) || signal.aborted) return;
      }
      if (attempt < tries) await sleep(clock, jitter(random, retryPause, 0.25), signal).catch(() => undefined);
    }
  }

  async #write(series: Series, signal: AbortSignal): Promise<void> {
    const { reporter, random } = this.#options;
    const { object, note, first, last, count, name } = series;
    const repetition = count < 2 ? undefined : { count, last };
    if (name !== undefined && repetition !== undefined) {
      try {
        await this.#api.repeat(eventNamespace(object), name, seriesOf(repetition), signal);
        return;
      } catch (error) {
        // Events live for an hour only: then it is written anew.
        if (!isNotFound(error)) throw error;
      }
    }
    const event = newEvent(object, note, reporter, first, repetition, random);
    series.name = await this.#api.create(event, signal);
    series.sentCount = Math.max(series.sentCount, count);
  }

  #noteFailure(error: unknown): void {
    if (this.#failing) return;
    this.#failing = true;
    if (isForbidden(error)) {
      const missing = 'verbs "create" and "patch" on resource "events" of API group "events.k8s.io"';
      this.#logger.warn("events cannot be written for lack of permission: grant what is missing", { missing, error });
    } else {
      this.#logger.warn("events cannot be written, some get lost", { error });
    }
  }
}

/** Sets a key as the most recently used one; forgets the one used longest ago when there are too many. */
function remember<T>(memory: Map<string, T>, key: string, value: T): void {
  memory.delete(key);
  memory.set(key, value);
  if (memory.size <= mostRemembered) return;
  const oldest = memory.keys().next();
  if (oldest.done !== true) memory.delete(oldest.value);
}
