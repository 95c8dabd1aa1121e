import { Backoff } from "../../../lib/util/backoff.ts";
import type { Clock } from "../../../lib/util/clock/mod.ts";
import type { Random } from "../../../lib/util/random.ts";
import type { PassKind, PassScope } from "./pass_scope.ts";

/** A change is looked after until a pass that began so long later finds nothing, in milliseconds. */
const afterCare = 10_000;

/** When a pass asks for one over everything, that begins so long after it, in milliseconds. */
const pauseBetween = 1_000;

/** The same when it should better wait for something else to happen first. */
const longPause = 30_000;

/** A pass over everything that could not look at everything is done again after so long, and then ever longer. */
const firstRetry = 5_000;
const longestRetry = 300_000;

/** When a ring's next pass is due, and what it is about. Passes run one after the other. */
export class PassSchedule {
  readonly #clock: Clock;
  readonly #syncPeriod: number;
  readonly #retries: Backoff;
  #all = true;
  #ownerless = false;
  #draining = false;
  #shards = new Set<string>();
  /** When a pass over everything has to be done again; undefined when it has not. */
  #againAt: number | undefined;
  /** A pass over what has no live owner could not list everything, and has not done so since. */
  #cannotList = false;
  /** When to look again after a change; undefined when a late look has found nothing. */
  #careAt: number | undefined;
  #lastAll = -Infinity;

  /** @param syncPeriod everything is looked at again after so long, in milliseconds. */
  constructor(clock: Clock, random: Random, syncPeriod: number) {
    this.#clock = clock;
    this.#syncPeriod = syncPeriod;
    this.#retries = new Backoff({ initial: firstRetry, max: longestRetry }, random);
    this.#careAt = clock.monotonic() + afterCare;
  }

  /** Is no pass asked for? */
  get isIdle(): boolean {
    return !this.#isDue && this.#againAt === undefined;
  }

  /** Asks for a pass as soon as possible. */
  require(kind: Extract<PassKind, "all" | "ownerless" | "draining">): void {
    if (kind === "all") this.#all = true;
    else if (kind === "ownerless") this.#ownerless = true;
    else this.#draining = true;
  }

  /** Asks for a pass over the objects of these shards as soon as possible. */
  requireShards(shards: Iterable<string>): void {
    for (const shard of shards) this.#shards.add(shard);
  }

  /** Asks for another pass over everything, after a moment or, as the last resort, after half a minute. */
  requireAgain(when: "soon" | "later"): void {
    const pause = when === "soon" ? pauseBetween : longPause;
    this.#againAt = Math.min(this.#againAt ?? Infinity, this.#clock.monotonic() + pause);
  }

  /** The shards or the scope have changed: asks for a pass now, and for late looks until one finds nothing. */
  changed(kind: "all" | "ownerless"): void {
    this.#careAt = this.#clock.monotonic() + afterCare;
    this.require(kind);
  }

  /**
   * The pass that is due now, if one is; it counts as no longer asked for. What nobody looks after goes first, even
   * before a pass over everything, which includes all others otherwise.
   */
  take(): PassScope | undefined {
    const now = this.#clock.monotonic();
    const isAuditDue = now - this.#lastAll >= this.#syncPeriod;
    const isAgainDue = this.#againAt !== undefined && now >= this.#againAt;
    if (!this.#ownerless && (this.#all || isAuditDue || isAgainDue)) {
      this.#all = this.#draining = false;
      this.#againAt = undefined;
      this.#shards.clear();
      return { type: "all" };
    }
    const isCareDue = this.#careAt !== undefined && now >= this.#careAt;
    if (this.#ownerless || isCareDue) {
      this.#ownerless = false;
      return { type: "ownerless" };
    }
    if (this.#draining) {
      this.#draining = false;
      return { type: "draining" };
    }
    if (this.#shards.size === 0) return undefined;
    const shards = [...this.#shards].sort();
    this.#shards.clear();
    return { type: "shards", shards };
  }

  /** A pass has ended. @param begin when it began, by the monotonic clock. @param found objects that were misplaced */
  ended(scope: PassScope, begin: number, found: number): void {
    if (scope.type === "all") {
      this.#lastAll = begin;
      this.#retries.reset();
    }
    if (scope.type !== "all" && scope.type !== "ownerless") return;
    // Such a pass lists the same resources: what kept everything from being looked at is over.
    if (this.#cannotList && this.#againAt !== undefined) this.requireAgain("soon");
    this.#cannotList = false;
    if (this.#careAt === undefined || begin < this.#careAt) return;
    // What a late look finds may come from a replica that has not seen the change yet: look once more.
    this.#careAt = found > 0 ? this.#clock.monotonic() + afterCare : undefined;
  }

  /** A pass ended early, as a shard has gone: its objects come first, then what the pass was about. */
  outdated(scope: PassScope): void {
    this.#ownerless = true;
    if (scope.type === "shards") this.requireShards(scope.shards);
    else if (scope.type !== "objects") this.require(scope.type);
  }

  /**
   * A pass could not look at everything that it is about, and has to be done again. When it was about everything, what
   * has no live owner is looked for at once and the rest after growing pauses: a resource that cannot be listed for
   * long shall not have all others listed all the time. When it can be again, everything is looked at soon: children
   * may have been left behind by their owners while they could not be listed.
   */
  missed(scope: PassScope, begin: number): void {
    switch (scope.type) {
      case "all":
        this.#lastAll = begin;
        this.#ownerless = true;
        this.#againAt = this.#clock.monotonic() + this.#retries.next();
        return;
      case "ownerless":
        this.#cannotList = true;
        return this.require("ownerless");
      case "draining":
        return this.require("draining");
      case "shards":
        return this.requireShards(scope.shards);
      case "objects":
        // Each is tried again by itself.
        return;
    }
  }

  /** Milliseconds until the next pass is due. */
  get pause(): number {
    if (this.#isDue) return 1;
    const next = Math.min(this.#lastAll + this.#syncPeriod, this.#careAt ?? Infinity, this.#againAt ?? Infinity);
    return Math.max(next - this.#clock.monotonic(), 1);
  }

  get #isDue(): boolean {
    return this.#all || this.#ownerless || this.#draining || this.#shards.size > 0;
  }
}
