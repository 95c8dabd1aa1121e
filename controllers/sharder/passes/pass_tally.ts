import type { Outcome } from "../mover.ts";
import type { ObjectReference } from "./pass_scope.ts";

/** What a pass did. */
export interface PassResult {
  /** Objects that were looked at. */
  readonly listed: number;
  /** Objects that were not where they belong. */
  readonly found: number;
  readonly written: number;
  /** Shards whose objects cannot move before their Lease is taken over, or the shard is known to be none. */
  readonly unjudged: ReadonlySet<string>;
  /** Shards that already have as many pending drains as they may have, and how many of their objects wait for that. */
  readonly congested: ReadonlyMap<string, number>;
  /** Objects that stay on a live shard although another should have them: the ring is paused. */
  readonly paused: number;
  /** Objects whose turn to move did not come: another pass has to look for them. */
  readonly limited: number;
  /** Children that did not fit into the families: another pass has to look for them. */
  readonly overflowed: boolean;
  /** It ended early, as a shard went: it has to be done again. */
  readonly outdated: boolean;
  /** The first failures; none keeps the others from being done. */
  readonly failures: readonly unknown[];
  readonly failed: number;
  /** Objects that failed, as far as they are not too many to be named. */
  readonly failedObjects: readonly ObjectReference[];
  /** Everything that the pass is about was listed. */
  readonly complete: boolean;
  /** Some could not be listed, or failed and were too many to be named: the pass has to be done again. */
  readonly missed: boolean;
}

/** Failures that are kept for the log; more are only counted. */
const keptFailures = 5;

/** Objects that are named when they fail; they are tried again one by one. */
const namedFailures = 1_000;

/** Counts what a pass does while it does it. */
export class PassTally {
  listed = 0;
  found = 0;
  written = 0;
  overflowed = false;
  outdated = false;
  readonly #unjudged = new Set<string>();
  readonly #congested = new Map<string, number>();
  readonly #failures: unknown[] = [];
  readonly #failedObjects: ObjectReference[] = [];
  #paused = 0;
  #limited = 0;
  #failed = 0;
  #complete: boolean;
  #missed = false;

  /** @param complete false for a pass that does not even begin. */
  constructor(complete = true) {
    this.#complete = complete;
  }

  /** Counts what came of one object. */
  count(outcome: Outcome): void {
    if (outcome.type === "settled" || outcome.type === "gone") return;
    this.found++;
    switch (outcome.type) {
      case "written":
        this.written++;
        return;
      case "braked":
        if (outcome.by === "pause") this.#paused++;
        else this.#limited++;
        return;
      case "waiting":
        if (outcome.for !== "drains") this.#unjudged.add(outcome.shard);
        else this.#congested.set(outcome.shard, (this.#congested.get(outcome.shard) ?? 0) + 1);
        return;
    }
  }

  /** An object failed. */
  failedObject(object: ObjectReference, error: unknown): void {
    if (this.#failedObjects.length < namedFailures) this.#failedObjects.push(object);
    else this.#missed = true;
    this.#fail(error);
  }

  /** A resource could not be listed to the end. */
  failedList(error: unknown): void {
    this.#complete = false;
    this.#missed = true;
    this.#fail(error);
  }

  /** The sums. */
  result(): PassResult {
    return {
      listed: this.listed,
      found: this.found,
      written: this.written,
      unjudged: this.#unjudged,
      congested: this.#congested,
      paused: this.#paused,
      limited: this.#limited,
      overflowed: this.overflowed,
      outdated: this.outdated,
      failures: this.#failures,
      failed: this.#failed,
      failedObjects: this.#failedObjects,
      complete: this.#complete && !this.outdated,
      missed: this.#missed,
    };
  }

  #fail(error: unknown): void {
    this.#failed++;
    if (this.#failures.length < keptFailures) this.#failures.push(error);
  }
}
