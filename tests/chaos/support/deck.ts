/** Draws from all cards before one comes again. */
export class Deck<T> {
  readonly #cards: readonly T[];
  readonly #next: () => number;
  #rest: T[] = [];

  /** @param next a number from 0 to 1 */
  constructor(cards: readonly T[], next: () => number) {
    this.#cards = cards;
    this.#next = next;
  }

  draw(): T {
    if (this.#rest.length === 0) this.#rest = [...this.#cards];
    const [card] = this.#rest.splice(Math.floor(this.#next() * this.#rest.length), 1);
    if (card === undefined) throw new RangeError("there is nothing to draw");
    return card;
  }
}
