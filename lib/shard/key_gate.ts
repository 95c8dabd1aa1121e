import { formatKey, type ObjectKey } from "../k8s/types.ts";

/**
 * Why somebody holds a key: to work on the object (several controllers may do so), or to let go of it, which excludes
 * everything else.
 */
export type KeyUse = "work" | "release";

interface Holders {
  readonly use: KeyUse;
  count: number;
  readonly waiting: Set<() => void>;
}

/**
 * Keeps the work on a main object and the acknowledgement of its drain apart: a shard must not let go of an object
 * while it still works on it, nor begin to work on it while it lets go (guarantee G1). Nobody waits here, so one slow
 * reconciler never occupies the workers that acknowledge the drains of other objects.
 */
export class KeyGate {
  readonly #held = new Map<string, Holders>();

  /** Holds the key until the result is disposed of; undefined when another use excludes it. */
  enter(key: ObjectKey, use: KeyUse): Disposable | undefined {
    const id = formatKey(key);
    const held = this.#held.get(id);
    if (held !== undefined && (use === "release" || held.use === "release")) return undefined;
    if (held === undefined) this.#held.set(id, { use, count: 1, waiting: new Set() });
    else held.count++;
    let left = false;
    return {
      [Symbol.dispose]: () => {
        if (!left) this.#leave(id);
        left = true;
      },
    };
  }

  /** Calls back once when nobody holds the key any more; at once when nobody does. */
  whenFree(key: ObjectKey, callback: () => void): void {
    const held = this.#held.get(formatKey(key));
    if (held === undefined) callback();
    else held.waiting.add(callback);
  }

  #leave(id: string): void {
    const held = this.#held.get(id);
    if (held === undefined || --held.count > 0) return;
    this.#held.delete(id);
    for (const callback of held.waiting) callback();
  }
}
