/** A time in which something was not as it should be. */
export interface Span {
  readonly what: string;
  readonly begin: number;
  readonly end: number;
}

/** How long things are not as they should be, by name; all times in the same milliseconds. */
export class Spans {
  readonly #begins = new Map<string, number>();
  readonly #onEnd: (span: Span) => void;

  /** @param onEnd hears of each time when it is over */
  constructor(onEnd: (span: Span) => void) {
    this.#onEnd = onEnd;
  }

  /** Says how it is now. */
  set(what: string, isRight: boolean, at: number): void {
    const begin = this.#begins.get(what);
    if (!isRight) {
      if (begin === undefined) this.#begins.set(what, at);
      return;
    }
    if (begin === undefined) return;
    this.#begins.delete(what);
    this.#onEnd({ what, begin, end: at });
  }

  /** What is not right now. */
  get open(): readonly { readonly what: string; readonly begin: number }[] {
    return [...this.#begins].map(([what, begin]) => ({ what, begin }));
  }
}
