import type { Lease } from "../k8s/types.ts";
import { type LeaseTimes, leaseTimes } from "./lease_times.ts";
import { takeOverIdentity } from "./names.ts";
import { provesStop } from "./stop_proof.ts";

/** What a Lease says about its shard; see {@link shardState}. Also the value of the Lease's state label. */
export type ShardState = "ready" | "expired" | "uncertain" | "dead" | "orphaned";

/** Who holds a shard's Lease. */
export type LeaseHolder =
  /** The shard itself: holderIdentity is the Lease's name. */
  | "shard"
  /** A sharder that took it over. */
  | "sharder"
  /** It was released. */
  | "nobody"
  /** Somebody else, which the protocol treats as a dead shard. */
  | "other";

/** How the states follow from times. All durations in milliseconds unless another unit is named. */
export interface ShardTiming {
  /**
   * What the judgement on a silent shard counts from: the time that the shard wrote, by the sharder's wall clock, or
   * the moment at which this process saw the Lease change, by its monotonic clock. The second needs no clocks in step.
   */
  readonly judgeBy: "renewTime" | "observation";
  /** A shard without proof is uncertain after so many durations of its Lease. */
  readonly uncertainAfter: number;
  /**
   * A shard that proves its stop is uncertain so long after its Lease's duration; undefined: proofs do not count.
   * The proven bound is counted from before the observation, so this only has to cover requests under way.
   */
  readonly provenMargin: number | undefined;
  /** A Lease without its shard is orphaned so long after it expired. */
  readonly orphanedAfter: number;
}

/** The states exactly as timebertt/kubernetes-controller-sharding computes them. */
export const referenceTiming: ShardTiming = {
  judgeBy: "renewTime",
  uncertainAfter: 2,
  provenMargin: undefined,
  orphanedAfter: 60_000,
};

/** Our own timing: own observation instead of foreign clocks, and faster where the shard proves that it is safe. */
export const ourTiming: ShardTiming = {
  judgeBy: "observation",
  uncertainAfter: 2,
  provenMargin: 2_000,
  orphanedAfter: 60_000,
};

/** The present, in milliseconds, on both clocks. */
export interface Now {
  /** Since the Unix epoch (`Clock.now()`). */
  readonly wall: number;
  /** On the clock that never jumps (`Clock.monotonic()`). */
  readonly monotonic: number;
}

/** What this process itself has seen of a Lease, in milliseconds of its monotonic clock. */
export interface LeaseObservation {
  /** When it last saw the Lease's spec change; the first sight counts as a change. */
  readonly changedAt: number;
  /** Since when it has watched Leases without a gap; undefined while it cannot. */
  readonly watchingSince: number | undefined;
  /** The shard is given so much longer before it is uncertain: many were lost at once. @default 0 */
  readonly patience?: number;
}

/** The judgement on a shard's Lease at one moment. */
export interface ShardJudgement {
  readonly state: ShardState;
  readonly holder: LeaseHolder;
  /** The Lease is taken over, and the take-over has not run out: its shard cannot come back meanwhile. */
  readonly held: boolean;
  /** The shard proves when it stops (see `stop_proof.ts`). */
  readonly proven: boolean;
  /** Why the Lease's times are of no use, as "spec.renewTime is missing". */
  readonly problem?: string;
  /** Milliseconds until the judgement changes if the Lease does not; absent when it stays. At least 1. */
  readonly nextChange?: number;
}

/**
 * Judges a shard by its Lease. With L for the Lease's duration, the first that matches:
 *
 * - orphaned: not held by the shard, and expired for a minute
 * - dead: not held by the shard
 * - uncertain: by the reference's timing expired for L; by ours no change was seen for 2 L, or for L + 2 s where the
 *   shard proves its stop, and later where many were lost at once. Only after having watched for L without a gap.
 * - expired: L has gone by since renewTime, on this machine's wall clock
 * - ready
 *
 * Without usable times the Lease counts as expiring now and L as 15 s, so by the reference's timing it never gets
 * older; by ours it ages from the last change that was seen. Pure; never throws.
 *
 * @param observation undefined when this process has not seen the Lease: then ours never calls the shard uncertain.
 */
export function shardState(
  lease: Lease,
  observation: LeaseObservation | undefined,
  now: Now,
  timing: ShardTiming,
): ShardJudgement {
  const times = leaseTimes(lease);
  const holder = holderOf(lease);
  const proven = provesStop(lease);
  const problem = times.usable ? {} : { problem: times.problem };
  const until = deadlines(times, proven, observation, now, timing);
  if (holder !== "shard") {
    const held = holder === "sharder" && until.released > 0;
    const state = until.orphaned <= 0 ? "orphaned" : "dead";
    const changes = [until.orphaned, holder === "sharder" ? until.released : Infinity];
    return { state, holder, held, proven, ...problem, ...next(changes) };
  }
  const state = until.uncertain <= 0 ? "uncertain" : until.expired <= 0 ? "expired" : "ready";
  const changes = state === "uncertain" ? [] : [until.expired, until.uncertain];
  return { state, holder, held: false, proven, ...problem, ...next(changes) };
}

/** Is the shard in a state in which it may own objects? */
export function isAvailable(state: ShardState): boolean {
  return state === "ready" || state === "expired" || state === "uncertain";
}

/** Who holds the Lease. */
export function holderOf(lease: Lease): LeaseHolder {
  // The API leaves out what is empty, but a client may have written null.
  const holder: string | null | undefined = lease.spec?.holderIdentity;
  if (holder === lease.metadata.name) return "shard";
  if (holder === takeOverIdentity) return "sharder";
  return holder === undefined || holder === null || holder === "" ? "nobody" : "other";
}

/** Milliseconds from now until each thing happens; not positive when it has, Infinity when it never will. */
interface Deadlines {
  readonly expired: number;
  readonly uncertain: number;
  readonly orphaned: number;
  /** Until a take-over runs out. */
  readonly released: number;
}

function deadlines(
  times: LeaseTimes,
  proven: boolean,
  observation: LeaseObservation | undefined,
  now: Now,
  timing: ShardTiming,
): Deadlines {
  const { leaseDuration } = times;
  const sinceChange = observation === undefined ? undefined : now.monotonic - observation.changedAt;
  const expired = times.usable ? times.renewTime + leaseDuration - now.wall : 0;
  const byOwnClock = sinceChange === undefined ? Infinity : leaseDuration - sinceChange;
  if (timing.judgeBy === "renewTime") {
    // Without usable times "expires now" is true again at each later look.
    const uncertain = times.usable ? expired + (timing.uncertainAfter - 1) * leaseDuration : Infinity;
    const orphaned = times.usable ? expired + timing.orphanedAfter : Infinity;
    return { expired, uncertain, orphaned, released: expired };
  }
  const orphaned = (times.usable ? expired : byOwnClock) + timing.orphanedAfter;
  // Whoever holds a Lease lets go by the earlier of the clocks, so that nobody who waits for its end comes too early.
  const released = sinceChange === undefined ? 0 : Math.min(expired, byOwnClock);
  if (sinceChange === undefined || observation?.watchingSince === undefined) {
    return { expired, uncertain: Infinity, orphaned, released };
  }
  const bound = proven && timing.provenMargin !== undefined
    ? leaseDuration + timing.provenMargin
    : timing.uncertainAfter * leaseDuration;
  const watched = now.monotonic - observation.watchingSince;
  const { patience = 0 } = observation;
  return { expired, uncertain: Math.max(bound + patience - sinceChange, leaseDuration - watched), orphaned, released };
}

/** The first of the changes still to come. Rounded up, so that who waits for it does not come too early. */
function next(changes: readonly number[]): { nextChange?: number } {
  const first = Math.min(...changes.filter((change) => change > 0));
  return first === Infinity ? {} : { nextChange: Math.ceil(first) };
}
