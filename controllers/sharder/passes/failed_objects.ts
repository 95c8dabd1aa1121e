import type { Clock } from "../../../lib/util/clock/mod.ts";
import { jitter, type Random } from "../../../lib/util/random.ts";
import type { ObjectReference } from "./pass_scope.ts";

/** Objects that are tried again one by one; when more fail, whole passes find them. */
const capacity = 1_000;

/** An object is tried again after so long, in milliseconds, and then ever longer. */
const firstRetry = 1_000;
const longestRetry = 30_000;

interface Failed {
  readonly object: ObjectReference;
  readonly failures: number;
  /** When to try it again, by the monotonic clock. */
  readonly at: number;
}

/** Objects that could not be brought to their shards, each with the time to try it again. */
export class FailedObjects {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #failed = new Map<string, Failed>();
  /** How often those failed that are being tried again just now. */
  readonly #trying = new Map<string, number>();

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  /** How many there are. */
  get size(): number {
    return this.#failed.size;
  }

  /** Is this object to be tried again, or being tried just now? */
  has(object: ObjectReference): boolean {
    const name = nameOf(object);
    return this.#failed.has(name) || this.#trying.has(name);
  }

  /** Notes objects that have failed. False when there are too many: then the rest is not noted. */
  note(objects: readonly ObjectReference[]): boolean {
    for (const object of objects) {
      const name = nameOf(object);
      const failures = this.#trying.get(name) ?? this.#failed.get(name)?.failures ?? 0;
      if (!this.#failed.has(name) && this.#failed.size >= capacity) return false;
      const pause = jitter(this.#random, Math.min(firstRetry * 2 ** failures, longestRetry), 0.5);
      this.#failed.set(name, { object, failures: failures + 1, at: this.#clock.monotonic() + pause });
    }
    return true;
  }

  /** Those that were taken out have been tried, and noted again if they have failed again. */
  tried(): void {
    this.#trying.clear();
  }

  /** Takes out those that are to be tried again now; they count as being tried until {@link tried}. */
  takeDue(): readonly ObjectReference[] {
    const now = this.#clock.monotonic();
    const due: ObjectReference[] = [];
    for (const [name, { object, failures, at }] of this.#failed) {
      if (at > now) continue;
      due.push(object);
      this.#failed.delete(name);
      this.#trying.set(name, failures);
    }
    return due;
  }

  /** Milliseconds until the next is to be tried again; Infinity when there is none. */
  get pause(): number {
    let next = Infinity;
    for (const { at } of this.#failed.values()) next = Math.min(next, at);
    return Math.max(next - this.#clock.monotonic(), 1);
  }
}

function nameOf({ role, resource: { group, resource }, namespace, name }: ObjectReference): string {
  return `${role}/${group}/${resource}/${namespace}/${name}`;
}
