import type { Change } from "./change.ts";

/** The latest changes of one collection, numbered without gaps; old ones are forgotten beyond a limit. */
export class ChangeLog {
  readonly #limit: number;
  #changes: Change[] = [];
  /** Number of the first change in the array. */
  #first = 0;
  #forgotten: number;

  /** @param revision revision before the first change; @param limit how many changes to remember at least. */
  constructor(revision: number, limit: number) {
    this.#forgotten = revision;
    this.#limit = limit;
  }

  /** Number that the next change gets. */
  get end(): number {
    return this.#first + this.#changes.length;
  }

  /** Number of the oldest change that is remembered. */
  get start(): number {
    return this.#first;
  }

  /** Every change after this revision is remembered; changes up to it may be forgotten. */
  get forgotten(): number {
    return this.#forgotten;
  }

  /** Appends the newest change. */
  append(change: Change): void {
    this.#changes.push(change);
    // Cut in big steps: a cut copies the array.
    if (this.#changes.length > 1.25 * this.#limit + 16) this.#forget(this.#changes.length - this.#limit);
  }

  /** Forgets all changes up to a revision. */
  compact(revision: number): void {
    this.#forget(this.#indexAfter(revision));
    this.#forgotten = Math.max(this.#forgotten, revision);
  }

  /** The change of a number. */
  at(number: number): Change | undefined {
    return this.#changes[number - this.#first];
  }

  /** Number of the first change after a revision. */
  numberAfter(revision: number): number {
    return this.#first + this.#indexAfter(revision);
  }

  /** Changes after a revision, newest first. */
  *backTo(revision: number): Generator<Change, void, undefined> {
    for (let index = this.#changes.length - 1; index >= 0; index--) {
      const change = this.#changes[index];
      if (change === undefined || change.revision <= revision) return;
      yield change;
    }
  }

  #indexAfter(revision: number): number {
    let low = 0;
    let high = this.#changes.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const change = this.#changes[middle];
      if (change !== undefined && change.revision <= revision) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #forget(count: number): void {
    const last = this.#changes[count - 1];
    if (last === undefined) return;
    this.#forgotten = last.revision;
    this.#changes = this.#changes.slice(count);
    this.#first += count;
  }
}
