import type { WatchObserver } from "./observer.ts";
import type { WatchError, WatchSource } from "./watch_error.ts";

/** Tells an observer of each failure, and of the state of a watch only when that is another. */
export class Complaints {
  readonly #source: WatchSource;
  readonly #observer: Required<WatchObserver>;
  /** What fails and how, as far as it was told; undefined while all is well. */
  #complaint: string | undefined;

  constructor(source: WatchSource, observer: Required<WatchObserver>) {
    this.#source = source;
    this.#observer = observer;
  }

  /** An attempt failed. */
  report(error: WatchError): void {
    this.#observer.onError(error);
    this.complain(error);
  }

  /** This is what is wrong, although nothing has failed just now. */
  complain(error: WatchError): void {
    const complaint = `${error.verb} ${error.problem}`;
    if (this.#complaint === complaint) return;
    this.#complaint = complaint;
    this.#observer.onHealth(this.#source, error);
  }

  /** All is well. */
  healthy(): void {
    if (this.#complaint === undefined) return;
    this.#complaint = undefined;
    this.#observer.onHealth(this.#source, undefined);
  }
}
