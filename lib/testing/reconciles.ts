import { formatKey, keyOf } from "../k8s/types.ts";
import type { ReconcileObserver } from "../shard/mod.ts";
import type { Clock } from "../util/clock/mod.ts";

/** One call of an author's reconciler on a stage. Times are in milliseconds since the Unix epoch, on its clock. */
export interface TestReconcile {
  /** Position among all calls of the ring, from 0. */
  readonly number: number;
  /** Name of the shard whose process it ran in. */
  readonly shard: string;
  readonly controller: string;
  readonly kind: string;
  /** `namespace/name` of the object. */
  readonly key: string;
  readonly startedAt: number;
  /** Undefined while it runs, and when its process was killed or frozen in the middle of it. */
  readonly endedAt?: number;
  /** What it threw, if it did. */
  readonly error?: unknown;
}

/** Which calls: those for which all that is given holds. */
export interface ReconcileFilter {
  readonly shard?: string;
  readonly controller?: string;
  readonly kind?: string;
  /** `namespace/name` of the object. */
  readonly key?: string;
  /** Only calls from this number on, such as the length of the list at a moment. */
  readonly since?: number;
}

interface Entry extends TestReconcile {
  endedAt?: number;
  error?: unknown;
}

/** Remembers the calls of all reconcilers of a ring. */
export class ReconcileLog {
  readonly #clock: Clock;
  readonly #entries: Entry[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Notes down what a shard does. */
  observer(shard: string): ReconcileObserver {
    return ({ controller, object }) => {
      const [number, startedAt] = [this.#entries.length, this.#clock.now()];
      const entry: Entry = { number, shard, controller, kind: object.kind, key: formatKey(keyOf(object)), startedAt };
      this.#entries.push(entry);
      return (error) => {
        entry.endedAt = this.#clock.now();
        if (error !== undefined) entry.error = error;
      };
    };
  }

  /** The calls that pass the filter, in the order in which they began. */
  list({ shard, controller, kind, key, since = 0 }: ReconcileFilter = {}): readonly TestReconcile[] {
    return this.#entries.filter((entry) =>
      entry.number >= since && (shard === undefined || entry.shard === shard) &&
      (controller === undefined || entry.controller === controller) && (kind === undefined || entry.kind === kind) &&
      (key === undefined || entry.key === key)
    );
  }
}
