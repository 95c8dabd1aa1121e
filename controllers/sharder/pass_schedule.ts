import type { Clock } from "../../lib/util/clock/mod.ts";
import type { PassKind } from "./pass.ts";

/** A change is looked after until a pass that began so long later finds nothing, in milliseconds. */
const afterCare = 10_000;

/** When a pass asks for another one, that begins so long after it, in milliseconds. */
const pauseBetween = 1_000;

/** When a ring's next pass is due, and what it is about. Passes run one after the other. */
export class PassSchedule {
  readonly #clock: Clock;
  readonly #syncPeriod: number;
  #need: PassKind | undefined = "all";
  /** When to look again after a change; undefined when a late look has found nothing. */
  #careAt: number | undefined;
  #lastAll = -Infinity;

  /** @param syncPeriod everything is looked at again after so long, in milliseconds. */
  constructor(clock: Clock, syncPeriod: number) {
    this.#clock = clock;
    this.#syncPeriod = syncPeriod;
    this.#careAt = clock.monotonic() + afterCare;
  }

  /** Is no pass asked for? */
  get isIdle(): boolean {
    return this.#need === undefined;
  }

  /** Asks for a pass as soon as possible. One over everything includes all others. */
  require(kind: PassKind): void {
    this.#need = kind === "all" || this.#need === "all" ? "all" : "ownerless";
  }

  /** The shards or the scope have changed: asks for a pass now, and for late looks until one finds nothing. */
  changed(kind: PassKind): void {
    this.#careAt = this.#clock.monotonic() + afterCare;
    this.require(kind);
  }

  /** The pass that is due now, if one is; it counts as no longer asked for. */
  take(): PassKind | undefined {
    const now = this.#clock.monotonic();
    const isAuditDue = now - this.#lastAll >= this.#syncPeriod;
    const isCareDue = this.#careAt !== undefined && now >= this.#careAt;
    const kind = isAuditDue ? "all" : this.#need ?? (isCareDue ? "ownerless" : undefined);
    if (kind !== undefined) this.#need = undefined;
    return kind;
  }

  /** A pass has looked at everything that it is about. @param begin when it began, by the monotonic clock */
  looked(kind: PassKind, begin: number): void {
    if (kind === "all") this.#lastAll = begin;
  }

  /** A pass that began then has found so many objects that were not where they belong. */
  found(begin: number, count: number): void {
    if (this.#careAt === undefined || begin < this.#careAt) return;
    // What a late look finds may come from a replica that has not seen the change yet: look once more.
    this.#careAt = count > 0 ? this.#clock.monotonic() + afterCare : undefined;
  }

  /** Milliseconds until the next pass is due. */
  get pause(): number {
    if (this.#need !== undefined) return pauseBetween;
    const next = Math.min(this.#lastAll + this.#syncPeriod, this.#careAt ?? Infinity);
    return Math.max(next - this.#clock.monotonic(), 1);
  }
}
