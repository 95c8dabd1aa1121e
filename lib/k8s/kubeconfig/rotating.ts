import type { Clock } from "../../util/clock/mod.ts";
import type { Logger } from "../../util/log.ts";

/** Files that rotate are read again after this many milliseconds, as in client-go. */
const maxAge = 60_000;

/** A value from a file that somebody else replaces from time to time. */
export class Rotating<T> {
  readonly #load: () => Promise<T>;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #value: { readonly value: T } | undefined;
  #staleAt = -Infinity;
  #loading: Promise<T> | undefined;

  constructor(load: () => Promise<T>, { clock, logger }: { readonly clock: Clock; readonly logger: Logger }) {
    this.#load = load;
    this.#clock = clock;
    this.#logger = logger;
  }

  /**
   * The value, at most a minute old. When it cannot be read any more the last one stays in use.
   * @throws the error of the first load
   */
  get(): Promise<T> {
    if (this.#value !== undefined && this.#clock.monotonic() < this.#staleAt) return Promise.resolve(this.#value.value);
    return this.#loading ??= this.#reload().finally(() => this.#loading = undefined);
  }

  /** Reads it again with the next `get()`. */
  expire(): void {
    this.#staleAt = -Infinity;
  }

  async #reload(): Promise<T> {
    const known = this.#value;
    this.#staleAt = this.#clock.monotonic() + maxAge;
    try {
      const value = await this.#load();
      this.#value = { value };
      return value;
    } catch (error) {
      if (known === undefined) throw error;
      this.#logger.warn("cannot read rotated credentials, the last ones stay in use", { error });
      return known.value;
    }
  }
}
