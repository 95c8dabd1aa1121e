import { describeError, type Logger } from "../../util/log.ts";
import type { WatchError, WatchProblem, WatchSource } from "./watch_error.ts";

/**
 * Is told what a watcher does, for metrics and status. Each method is optional and must neither throw nor wait.
 * One observer may serve many watchers: every call says which one.
 */
export interface WatchObserver {
  /** A list begins: as a stream (KEP-3157) or in pages. */
  onList?(source: WatchSource, how: "stream" | "pages"): void;
  /** From now on changes come as they happen: after the initial objects of a stream, or after a reconnect. */
  onWatch?(source: WatchSource): void;
  /** Changes no longer come. Nothing had been heard for the last `silence` milliseconds (0 when the server ended it). */
  onInterrupted?(source: WatchSource, silence: number): void;
  /** Something came in a watch or streaming list. Objects of a paged list count as ADDED. */
  onEvent?(source: WatchSource, type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK"): void;
  /** The collection is listed again, and why. */
  onRelist?(source: WatchSource, reason: WatchProblem): void;
  /** An attempt failed. Called for each one, so this is for counting. */
  onError?(error: WatchError): void;
  /** Called once when watching begins to fail, or fails for another reason; with undefined when it works again. */
  onHealth?(source: WatchSource, error: WatchError | undefined): void;
}

/** Passes every call on to all observers. */
export function combineObservers(...observers: readonly WatchObserver[]): Required<WatchObserver> {
  function each(call: (observer: WatchObserver) => void): void {
    for (const observer of observers) call(observer);
  }
  return {
    onList: (source, how) => each((observer) => observer.onList?.(source, how)),
    onWatch: (source) => each((observer) => observer.onWatch?.(source)),
    onInterrupted: (source, silence) => each((observer) => observer.onInterrupted?.(source, silence)),
    onEvent: (source, type) => each((observer) => observer.onEvent?.(source, type)),
    onRelist: (source, reason) => each((observer) => observer.onRelist?.(source, reason)),
    onError: (error) => each((observer) => observer.onError?.(error)),
    onHealth: (source, error) => each((observer) => observer.onHealth?.(source, error)),
  };
}

/** Writes a warning when watching begins to fail or fails otherwise, not for each attempt, and a line when it works again. */
export function logObserver(logger: Logger): WatchObserver {
  return {
    onRelist: (source, reason) => logger.debug("listing again", { ...source, reason }),
    onHealth(source, error): void {
      if (error === undefined) {
        logger.info("watch works again", { ...source });
      } else {
        const { problem, verb } = error;
        logger.warn("watch fails, retrying", { ...source, verb, problem, error: describeError(error) });
      }
    },
  };
}
