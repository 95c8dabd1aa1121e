import { sharedTime } from "./monotonic.ts";

/** How often it is looked, in milliseconds. */
const interval = 50;
/** Waiting for less is nothing out of the ordinary, in milliseconds. */
const ordinary = 25;

/**
 * Notes for how long the machine kept this process waiting, as others may not have had their turn either: what took longer
 * than it should says nothing then.
 */
export class Starvation implements Disposable {
  readonly #lags: { readonly at: number; readonly lag: number }[] = [];
  readonly #timer: ReturnType<typeof setInterval>;
  #last = sharedTime();

  constructor() {
    this.#timer = setInterval(() => {
      const now = sharedTime();
      const lag = now - this.#last - interval;
      this.#last = now;
      if (lag > ordinary) this.#lags.push({ at: now, lag });
    }, interval);
  }

  /** All waiting between two moments, in milliseconds. */
  between(begin: number, end: number): number {
    return this.#lags.reduce((sum, { at, lag }) => at >= begin && at - lag <= end ? sum + lag : sum, 0);
  }

  /** The longest, in milliseconds. */
  get longest(): number {
    return this.#lags.reduce((most, { lag }) => Math.max(most, lag), 0);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}
