import type { Change } from "./change.ts";
import { ChangeLog } from "./change_log.ts";
import type { StoredObject } from "./record.ts";
import { SortedKeys } from "./sorted_keys.ts";

/** A part of a collection in the order of keys. */
export interface Range {
  /** First key; later ones follow. */
  readonly from: string;
  /** First key that is no longer part; undefined: to the end. */
  readonly to?: string;
}

/** The keys of one namespace, or all when it is undefined. */
export function rangeOf(namespace: string | undefined): Range {
  // "0" is the character after "/".
  return namespace === undefined ? { from: "" } : { from: `${namespace}/`, to: `${namespace}0` };
}

/** The objects of one resource, their latest changes, and who waits for more. */
export class Collection {
  readonly log: ChangeLog;
  readonly #objects = new Map<string, StoredObject>();
  readonly #keys = new SortedKeys();
  readonly #listeners = new Set<(change: Change) => void>();

  constructor(revision: number, historyLimit: number) {
    this.log = new ChangeLog(revision, historyLimit);
  }

  /** How many objects there are. */
  get size(): number {
    return this.#objects.size;
  }

  /** The current version of an object. */
  get(key: string): StoredObject | undefined {
    return this.#objects.get(key);
  }

  /** Takes a change in and tells all listeners, in the order in which they came. */
  record(change: Change): void {
    if (change.next === undefined) {
      this.#objects.delete(change.key);
      this.#keys.remove(change.key);
    } else {
      if (change.previous === undefined) this.#keys.add(change.key);
      this.#objects.set(change.key, change.next);
    }
    this.log.append(change);
    for (const listener of this.#listeners) listener(change);
  }

  /** Calls the listener for each change until the result is disposed. */
  subscribe(listener: (change: Change) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  /** The current objects of a range. Must not be kept over a change. */
  *range(range: Range): Generator<StoredObject, void, undefined> {
    for (let index = this.#keys.indexOf(range.from);; index++) {
      const key = this.#keys.at(index);
      if (key === undefined || (range.to !== undefined && key >= range.to)) return;
      const object = this.#objects.get(key);
      if (object !== undefined) yield object;
    }
  }

  /** The objects of a range as they were at a revision that the log still reaches back to. */
  *rangeAt(range: Range, revision: number): Generator<StoredObject, void, undefined> {
    const undone = this.#undone(range, revision);
    if (undone.size === 0) return yield* this.range(range);
    // Both are in order: the current objects, and what the keys that changed since then held at the time.
    const keys = [...undone.keys()].sort();
    let next = 0;
    const before = function* (key: string | undefined): Generator<StoredObject, void, undefined> {
      for (; next < keys.length; next++) {
        const changed = keys[next];
        if (changed === undefined || (key !== undefined && changed >= key)) return;
        const object = undone.get(changed);
        if (object !== undefined) yield object;
      }
    };
    for (const object of this.range(range)) {
      yield* before(object.key);
      if (!undone.has(object.key)) yield object;
    }
    yield* before(undefined);
  }

  /** How many objects a range has at a revision. */
  countAt(range: Range, revision: number): number {
    const end = range.to === undefined ? this.#keys.size : this.#keys.indexOf(range.to);
    let count = end - this.#keys.indexOf(range.from);
    for (const [key, object] of this.#undone(range, revision)) {
      count += Number(object !== undefined) - Number(this.#objects.has(key));
    }
    return count;
  }

  /** What the keys that changed after a revision held at that revision. */
  #undone(range: Range, revision: number): Map<string, StoredObject | undefined> {
    const undone = new Map<string, StoredObject | undefined>();
    for (const { key, previous } of this.log.backTo(revision)) {
      if (key >= range.from && (range.to === undefined || key < range.to)) undone.set(key, previous);
    }
    return undone;
  }
}
