import type { Api } from "../../k8s/api/api.ts";
import type { SelectorOptions } from "../../k8s/api/options.ts";
import type { TypedWatchEvent } from "../../k8s/api/watch_stream.ts";
import { InvalidObjectError, isForbidden } from "../../k8s/errors.ts";
import { formatKey, keyOf, type KubeObject } from "../../k8s/types.ts";
import { sleep } from "../../util/clock/mod.ts";
import { getLogger } from "../../util/log.ts";
import { Complaints } from "./complaints.ts";
import { Connection } from "./connection.ts";
import { combineObservers, logObserver, type WatchObserver } from "./observer.ts";
import { Polling } from "./polling.ts";
import { RetryPace } from "./retry_pace.ts";
import { isStreamingListRefused, needsRelist, problemOf, WatchError, type WatchSource } from "./watch_error.ts";
import type { WatcherEvent } from "./watcher_event.ts";
import { selectorsOf, sourceOf, type WatcherOptions } from "./watcher_options.ts";

/** How far the watcher has come. Every step does one of these and says what is next. */
type State =
  /** Nothing is known, or too little: list everything in one stream that then goes on as a watch. */
  | { readonly phase: "stream" }
  /** The same in pages, for servers without streaming lists and after a stream that did not come to its end. */
  | { readonly phase: "pages" }
  /** All is known up to this version: watch what comes after it. */
  | { readonly phase: "watch"; readonly resourceVersion: string }
  /** Wait, then go on. */
  | { readonly phase: "pause"; readonly ms: number; readonly next: State };

/** Events of a watcher, and in the end the state that comes next. */
type Steps<T> = AsyncGenerator<WatcherEvent<T>, State, undefined>;

/** Milliseconds that a silent watch gets beyond the time after which the server should have ended it. */
const graceAfterTimeout = 5_000;

/**
 * Follows a collection: first all its objects, then every change. It never throws; failures go to the observer and the
 * log, and it goes on with backoff until the signal aborts. Then it ends at once: in a list, a pause, a silent stream.
 *
 * Whoever iterates must do so without long pauses, as an API server cuts off watches that are not read; the Informer
 * does, and keeps what its slower subscribers have not taken yet.
 */
export function watch<T extends KubeObject>(
  api: Api<T>,
  options: WatcherOptions<T> & { readonly signal: AbortSignal },
): AsyncGenerator<WatcherEvent<T>, void, undefined> {
  return new Watcher(api, options).run();
}

class Watcher<T extends KubeObject> {
  readonly #api: Api<T>;
  readonly #options: WatcherOptions<T> & { readonly signal: AbortSignal };
  readonly #source: WatchSource;
  readonly #selectors: SelectorOptions;
  readonly #observer: Required<WatchObserver>;
  readonly #pace: RetryPace;
  readonly #polling: Polling | undefined;
  readonly #complaints: Complaints;
  /** How to list when nothing speaks against it; "pages" once the server has refused a streaming list. */
  #listing: "stream" | "pages" = "stream";

  constructor(api: Api<T>, options: WatcherOptions<T> & { readonly signal: AbortSignal }) {
    const { clock, random, observer, pollPeriod, logger = getLogger(["sharding", "watch"]) } = options;
    this.#api = api;
    this.#options = options;
    this.#selectors = selectorsOf(options);
    this.#source = sourceOf(api, options);
    this.#observer = combineObservers(logObserver(logger), ...(observer === undefined ? [] : [observer]));
    this.#complaints = new Complaints(this.#source, this.#observer);
    this.#pace = new RetryPace(clock, random);
    this.#polling = pollPeriod === undefined ? undefined : new Polling(clock, pollPeriod);
  }

  async *run(): AsyncGenerator<WatcherEvent<T>, void, undefined> {
    let state: State = { phase: this.#listing };
    while (!this.#options.signal.aborted) {
      switch (state.phase) {
        case "stream":
          state = yield* this.#follow(undefined);
          break;
        case "watch":
          state = yield* this.#follow(state.resourceVersion);
          break;
        case "pages":
          state = yield* this.#listPages();
          break;
        case "pause":
          state = await this.#pause(state.ms, state.next);
          break;
      }
    }
  }

  async #pause(ms: number, next: State): Promise<State> {
    const { clock, signal } = this.#options;
    // An abort is seen by the loop.
    await sleep(clock, ms, signal).catch(() => undefined);
    return next;
  }

  /** One list in pages. A continue token that expires on the way starts the list again. */
  async *#listPages(): Steps<T> {
    const { clock, signal, listTimeout = 30_000, pageSize = 500 } = this.#options;
    using connection = new Connection(clock, listTimeout, signal);
    this.#observer.onList(this.#source, "pages");
    let resourceVersion: string | undefined;
    try {
      const pages = this.#api.pages({ ...this.#selectors, limit: pageSize, signal: connection.signal });
      while (true) {
        const page = await connection.wait(pages.next());
        if (page.done === true) break;
        if (resourceVersion === undefined) yield { type: "init" };
        // The first page's: should a later one show a newer state, nothing between the two is missed.
        resourceVersion ??= page.value.resourceVersion;
        for (const object of page.value.items) {
          if (signal.aborted) break;
          this.#observer.onEvent(this.#source, "ADDED");
          yield { type: "init_apply", object: this.#transform(object) };
        }
      }
      if (resourceVersion === undefined) throw new InvalidObjectError("a list without any page");
      yield { type: "init_done" };
      return this.#afterList(resourceVersion);
    } catch (error) {
      const next = this.#polling?.reason !== undefined && !this.#polling.isTryDue ? "pages" : this.#listing;
      return this.#failed("list", error, resourceVersion !== undefined, { phase: next });
    }
  }

  /**
   * One watch, from a version on. Without a version it is a streaming list first: all objects, a bookmark that says
   * that these were all, and then the changes.
   */
  async *#follow(start: string | undefined): Steps<T> {
    const { clock, random, signal, watchTimeout = 290_000, listTimeout = 30_000 } = this.#options;
    const timeoutSeconds = Math.max(Math.round((watchTimeout * (0.9 + 0.2 * random.next())) / 1_000), 1);
    const watchSilence = timeoutSeconds * 1_000 + graceAfterTimeout;

    using connection = new Connection(clock, listTimeout, signal);
    /** Up to where all is known; undefined as long as the initial list is incomplete. */
    let resourceVersion = start;
    let events: AsyncIterator<TypedWatchEvent<T>> | undefined;
    let watching = false;
    let silence = 0;
    try {
      if (start === undefined) this.#observer.onList(this.#source, "stream");
      const opening = this.#api.watch({
        ...this.#selectors,
        ...(start === undefined ? { sendInitialEvents: true } : { resourceVersion: start }),
        timeoutSeconds,
        signal: connection.signal,
      });
      events = (await connection.wait(opening))[Symbol.asyncIterator]();
      if (start === undefined) yield { type: "init" };
      while (true) {
        if (!watching && resourceVersion !== undefined) {
          watching = true;
          connection.allowSilence(watchSilence);
          this.#polling?.end();
          this.#complaints.healthy();
          this.#observer.onWatch(this.#source);
        }
        const result = await connection.wait(events.next());
        if (result.done === true) return this.#ended(resourceVersion, connection.age);
        const event = result.value;
        this.#observer.onEvent(this.#source, event.type);
        if (event.type === "BOOKMARK") {
          if (resourceVersion !== undefined) {
            resourceVersion = event.resourceVersion;
          } else if (event.initialEventsEnd) {
            resourceVersion = event.resourceVersion;
            yield { type: "init_done" };
          }
          continue;
        }
        const { type, object } = event;
        const listed = resourceVersion !== undefined;
        // In a streaming list the objects come in any order of their versions: only its last bookmark counts.
        if (listed) resourceVersion = object.metadata.resourceVersion ?? resourceVersion;
        if (type === "DELETED") yield { type: "delete", object: this.#transform(object) };
        else yield { type: listed ? "apply" : "init_apply", object: this.#transform(object) };
      }
    } catch (error) {
      silence = connection.silence;
      return this.#broken(error, start, events !== undefined, resourceVersion);
    } finally {
      if (watching) this.#observer.onInterrupted(this.#source, silence);
      // Not awaited: a reader that waits on a dead connection returns only when that has been closed.
      void events?.return?.()?.then(undefined, () => undefined);
    }
  }

  #transform(object: T): T {
    const { transform } = this.#options;
    if (transform === undefined) return object;
    try {
      return transform(object);
    } catch (cause) {
      const what = `${this.#source.resource} ${formatKey(keyOf(object))}`;
      throw new InvalidObjectError(`the transform of this informer failed on ${what}`, { cause });
    }
  }

  /** The server ended the stream: what it does from time to time, but never within an initial list. */
  #ended(resourceVersion: string | undefined, lasted: number): State {
    if (resourceVersion !== undefined) {
      return after(this.#pace.afterEnd(lasted), { phase: "watch", resourceVersion });
    }
    this.#complaints.report(new WatchError(this.#source, "watch", "incomplete"));
    // Seen on a busy server that drops slow readers: pages come to their end.
    return after(this.#pace.afterFailure(undefined), { phase: "pages" });
  }

  /** All is known up to a version: watch on from there, or list again where watching is forbidden. */
  #afterList(resourceVersion: string): State {
    const { reason, isTryDue = true, period = 0 } = this.#polling ?? {};
    // The list itself works, whatever was wrong with it before.
    if (reason !== undefined) this.#complaints.complain(reason);
    if (reason === undefined || isTryDue) return { phase: "watch", resourceVersion };
    return { phase: "pause", ms: period, next: { phase: "pages" } };
  }

  /** A watch or streaming list failed: where to go on. */
  #broken(error: unknown, start: string | undefined, opened: boolean, resourceVersion: string | undefined): State {
    if (this.#polling !== undefined && isForbidden(error) && !this.#options.signal.aborted) {
      return this.#poll(this.#polling, error, opened, start);
    }
    if (start === undefined && !opened && isStreamingListRefused(error)) {
      this.#listing = "pages";
      return { phase: "pages" };
    }
    if (resourceVersion === undefined) {
      return this.#failed("watch", error, opened, { phase: opened ? "pages" : this.#listing });
    }
    if (!needsRelist(error, opened)) return this.#failed("watch", error, opened, { phase: "watch", resourceVersion });
    if (!this.#options.signal.aborted) this.#observer.onRelist(this.#source, problemOf(error, opened));
    return this.#failed("watch", error, opened, { phase: this.#listing });
  }

  /** The watch is forbidden: lists take its place. */
  #poll(polling: Polling, error: unknown, opened: boolean, start: string | undefined): State {
    const failure = new WatchError(this.#source, "watch", problemOf(error, opened), error);
    const wasPolling = polling.reason !== undefined;
    polling.begin(failure);
    if (!wasPolling) this.#complaints.report(failure);
    // In vain tried right after a list.
    if (wasPolling && start !== undefined) return { phase: "pause", ms: polling.period, next: { phase: "pages" } };
    return { phase: "pages" };
  }

  /** Reports a failure and waits before the next try. */
  #failed(verb: "list" | "watch", error: unknown, opened: boolean, next: State): State {
    if (this.#options.signal.aborted) return next;
    const failure = new WatchError(this.#source, verb, problemOf(error, opened), error);
    if (failure.problem === "expired") {
      // Part of the protocol; only when it happens again and again it is worth a complaint.
      const ms = this.#pace.afterEnd(0);
      if (ms > 0) this.#complaints.report(failure);
      else this.#observer.onError(failure);
      return after(ms, next);
    }
    this.#complaints.report(failure);
    return after(this.#pace.afterFailure(error), next);
  }
}

function after(ms: number, next: State): State {
  return ms > 0 ? { phase: "pause", ms, next } : next;
}
