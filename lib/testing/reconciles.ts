import { formatKey, keyOf } from "../k8s/types.ts";
import type { ReconcileObserver } from "../shard/mod.ts";
import type { Clock } from "../util/clock/mod.ts";
import type { ProcessState } from "./process.ts";

/** One call of an author's reconciler on a stage. Times are in milliseconds since the Unix epoch, on its clock. */
export interface TestReconcile {
  /** Position among all calls of the ring, from 0. */
  readonly number: number;
  /** Name of the shard whose process it ran in. */
  readonly shard: string;
  /** Name of the controller. */
  readonly controller: string;
  /** Kind of the object. */
  readonly kind: string;
  /** `namespace/name` of the object. */
  readonly key: string;
  /** When the reconciler was called. */
  readonly startedAt: number;
  /** When it was done; undefined while it runs, and when its process was killed or frozen in the middle of it. */
  readonly endedAt?: number;
  /** What it threw, if it did. */
  readonly error?: unknown;
}

/** Which calls: those for which all that is given holds. */
export interface ReconcileFilter {
  /** Name of the shard whose process they ran in. */
  readonly shard?: string;
  /** Name of the controller. */
  readonly controller?: string;
  /** Kind of the object. */
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

/** A call and the process that it runs in. */
interface Running {
  readonly entry: Entry;
  readonly processState: () => ProcessState;
}

/** Remembers the calls of all reconcilers of a ring. */
export class ReconcileLog {
  readonly #clock: Clock;
  readonly #entries: Entry[] = [];
  readonly #running = new Map<string, Set<Running>>();
  readonly #clashes: (readonly [TestReconcile, TestReconcile])[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Calls on the same object, in two processes that both could act on it; the second began during the first. */
  get clashes(): readonly (readonly [TestReconcile, TestReconcile])[] {
    return this.#clashes;
  }

  /** Notes down what a shard does. */
  observer(shard: string, processState: () => ProcessState): ReconcileObserver {
    return ({ controller, object }) => {
      const [number, startedAt] = [this.#entries.length, this.#clock.now()];
      const entry: Entry = { number, shard, controller, kind: object.kind, key: formatKey(keyOf(object)), startedAt };
      this.#entries.push(entry);
      const name = `${entry.kind} ${entry.key}`;
      const running = this.#running.get(name) ?? new Set();
      this.#running.set(name, running);
      for (const other of running) {
        if (other.entry.shard !== shard && canAct(other.processState())) this.#clashes.push([other.entry, entry]);
      }
      const own: Running = { entry, processState };
      running.add(own);
      return (error) => {
        running.delete(own);
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

/** What is frozen does nothing, and is fenced when it thaws; what has ended never will again. */
function canAct(state: ProcessState): boolean {
  switch (state) {
    case "running":
    case "disconnected":
      return true;
    case "frozen":
    case "stopped":
    case "killed":
    case "failed":
      return false;
  }
}
