import { type Clock, DeadlineError } from "../../util/clock/mod.ts";

/** Nothing came over a connection for longer than a working server stays silent: it is half-open, or stalled. */
export class StalledConnectionError extends Error {
  override readonly name = "StalledConnectionError";
}

/**
 * The life of one request and its answer: it ends with its parent signal, when nothing comes for too long, or when it
 * is disposed. Then the request is aborted and whoever waits is rejected at once, whether the client heeds the abort
 * or not, so a dead connection cannot hold its reader.
 */
export class Connection implements Disposable {
  readonly #clock: Clock;
  readonly #parent: AbortSignal;
  readonly #controller = new AbortController();
  readonly #opened: number;
  #longestSilence: number;
  #timer: Disposable | undefined;
  #waitingSince: number | undefined;
  #lastHeard: number;
  #giveUp: ((reason: unknown) => void) | undefined;

  /** @param longestSilence milliseconds without an answer after which the connection counts as dead. */
  constructor(clock: Clock, longestSilence: number, parent: AbortSignal) {
    this.#clock = clock;
    this.#parent = parent;
    this.#longestSilence = longestSilence;
    this.#opened = this.#lastHeard = clock.monotonic();
    if (parent.aborted) {
      this.#abort(parent.reason);
    } else {
      parent.addEventListener("abort", this.#onParentAbort, { once: true });
      this.#arm(longestSilence);
    }
  }

  /** To be handed to the request. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Milliseconds since the connection began. */
  get age(): number {
    return this.#clock.monotonic() - this.#opened;
  }

  /** Milliseconds since something was last heard. */
  get silence(): number {
    return this.#clock.monotonic() - this.#lastHeard;
  }

  /** From now on the server may be silent for another time, in milliseconds. */
  allowSilence(longestSilence: number): void {
    this.#longestSilence = longestSilence;
    if (this.#timer !== undefined) this.#arm(longestSilence);
  }

  /**
   * Waits for the next answer. Only this time counts as silence, not that in which nobody asks.
   * @throws what `work` rejects with, a StalledConnectionError, or the parent's reason.
   */
  wait<V>(work: Promise<V>): Promise<V> {
    return new Promise<V>((resolve, reject) => {
      if (this.signal.aborted) {
        work.then(undefined, () => undefined); // nobody is interested any more
        return reject(this.signal.reason);
      }
      this.#waitingSince = this.#clock.monotonic();
      this.#giveUp = reject;
      work.then((value) => {
        this.#lastHeard = this.#clock.monotonic();
        this.#waitingSince = undefined;
        resolve(value);
      }, reject);
    });
  }

  /** Aborts the request, if it still goes on, and gives back the timer. */
  [Symbol.dispose](): void {
    this.#abort(new DOMException("the connection was closed", "AbortError"));
  }

  readonly #onParentAbort = (): void => this.#abort(this.#parent.reason);

  /** @param forClient what the client is to make of it, when that is something else. */
  #abort(reason: unknown, forClient: unknown = reason): void {
    this.#parent.removeEventListener("abort", this.#onParentAbort);
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    // The readers first: the abort below rejects them too, but with whatever the client makes of it.
    this.#giveUp?.(reason);
    this.#controller.abort(forClient);
  }

  #stalled(): void {
    const stalled = new StalledConnectionError(`nothing came for ${this.#longestSilence} ms`);
    // After a DeadlineError clients take new connections; otherwise the next request might go into the dead one again.
    this.#abort(stalled, new DeadlineError(stalled.message, { cause: stalled }));
  }

  /** One timer that is set again when it finds that something came: cheaper than a new one for each event. */
  #arm(ms: number): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = this.#clock.timer(ms, () => {
      const since = this.#waitingSince ?? this.#clock.monotonic();
      const left = since + this.#longestSilence - this.#clock.monotonic();
      if (left > 0) this.#arm(left);
      else this.#stalled();
    });
  }
}
