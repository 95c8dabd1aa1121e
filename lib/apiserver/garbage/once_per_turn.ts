/**
 * Looks at names after the turn in which they were noted, at each of them once: a thousand objects may go in one turn.
 * Nothing is looked at any more once `closing` has aborted.
 */
export class OncePerTurn {
  readonly #look: (name: string) => void;
  readonly #closing: AbortSignal;
  readonly #due = new Set<string>();

  constructor(closing: AbortSignal, look: (name: string) => void) {
    this.#closing = closing;
    this.#look = look;
  }

  /** Has a name looked at, unless that is to happen already. */
  note(name: string): void {
    if (this.#due.has(name)) return;
    this.#due.add(name);
    void Promise.resolve().then(() => {
      this.#due.delete(name);
      if (!this.#closing.aborted) this.#look(name);
    });
  }
}
