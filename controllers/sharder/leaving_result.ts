import type { LeavingWait } from "../../lib/sharding/leaving_plan.ts";
import type { Role } from "../../lib/sharding/ring_types.ts";

/** Something that could not be read or written. */
export interface LeavingFailure {
  readonly role: Role | undefined;
  /** Name of the resource. */
  readonly resource: string;
  readonly error: unknown;
  /** The sharder has no right to. */
  readonly isForbidden: boolean;
  /** One object failed; else it is not known what there is of the resource. */
  readonly isObject: boolean;
}

/** What became of the labels of one object. */
export type LeavingWrite =
  /** They are gone. */
  | "stripped"
  /** Its shard was asked to let go. */
  | "drained"
  /** The object has changed meanwhile: another look sees how. */
  | "changed";

/** Failures that are kept for people; more are only counted. */
const keptFailures = 5;

/** What a look at a ring's leaving objects has found and done. */
export class LeavingResult {
  /** The first failures. */
  readonly failures: LeavingFailure[] = [];
  /** Resources that the sharder may not list, or whose objects it may not patch. */
  readonly forbidden = new Set<string>();
  #stripped = 0;
  #drained = 0;
  #changed = 0;
  #failed = 0;
  #waiting = 0;
  readonly #waits = new Map<LeavingWait, Set<string>>();
  /** A main resource failed: its objects may still be with any shard. */
  #mainsFailed: "no" | "forbidden" | "other" = "no";
  /** Objects that wait for owners which the sharder has no right to look after. */
  #blocked = 0;

  /** Objects whose labels were removed. */
  get stripped(): number {
    return this.#stripped;
  }

  /** Objects that live shards were asked to let go of. */
  get drained(): number {
    return this.#drained;
  }

  /** Objects that were changed here, or by others meanwhile. */
  get written(): number {
    return this.#stripped + this.#drained + this.#changed;
  }

  /** Objects that keep their labels for now. */
  get waiting(): number {
    return this.#waiting + this.#blocked;
  }

  /** There was no object with labels, and nothing that could not be looked at. */
  get isEmpty(): boolean {
    return this.written + this.waiting + this.#failed + this.forbidden.size === 0;
  }

  /** All that is left is what the sharder has no right to do. */
  get isForbidden(): boolean {
    return this.forbidden.size > 0 && this.written + this.#waiting + this.#failed === 0;
  }

  /** Does the shard have main objects that it has to let go of, or may it have some? */
  isBusy(shard: string): boolean {
    return this.#mainsFailed !== "no" || this.#waits.get("acknowledgement")?.has(shard) === true ||
      this.#waits.get("judgement")?.has(shard) === true;
  }

  /** The shards that are waited for, sorted by name. */
  shardsFor(what: LeavingWait): readonly string[] {
    return [...this.#waits.get(what) ?? []].sort();
  }

  /** Notes an object that keeps its labels for now. */
  waits(shard: string, what: LeavingWait): void {
    this.#waits.set(what, (this.#waits.get(what) ?? new Set()).add(shard));
    if (what === "owners" && this.#mainsFailed === "forbidden") this.#blocked++;
    else this.#waiting++;
  }

  /** Notes an object that was written. */
  wrote(what: LeavingWrite): void {
    if (what === "stripped") this.#stripped++;
    else if (what === "drained") this.#drained++;
    else this.#changed++;
  }

  /** Notes what could not be read or written. */
  failed(failure: LeavingFailure): void {
    if (failure.isForbidden) this.forbidden.add(failure.resource);
    else this.#failed++;
    if (this.failures.length < keptFailures) this.failures.push(failure);
    if (failure.role === "controlled" || this.#mainsFailed === "other") return;
    this.#mainsFailed = failure.isForbidden ? "forbidden" : "other";
  }
}
