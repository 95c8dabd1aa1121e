import { formatKey, keyOf, type Lease } from "../k8s/types.ts";
import { leaseTimes } from "../sharding/lease_times.ts";
import { type ShardJudgement, shardState, type ShardTiming } from "../sharding/shard_state.ts";
import type { Clock } from "../util/clock/mod.ts";
import { isHoldable, type LeaseMemory, type Track } from "./lease_track.ts";
import type { LossGuard } from "./loss_guard.ts";

/** What a {@link LeaseJudge} works with. Times are in milliseconds. */
export interface LeaseJudgeOptions {
  readonly clock: Clock;
  readonly timing: ShardTiming;
  /** Since when Leases have been watched without a gap; see {@link shardState}. */
  readonly watchingSince: () => number | undefined;
  /** So long a ghost is remembered. Long enough to take over any shard, however long its Lease lasts. */
  readonly ghostRetention: number;
  /** So many durations of its Lease longer a shard is waited for that was lost with most others. */
  readonly massLossHold: number;
}

/** Judges Leases as of now, by what is remembered of them. */
export class LeaseJudge {
  readonly #options: LeaseJudgeOptions;
  readonly #guard: LossGuard;

  constructor(options: LeaseJudgeOptions, guard: LossGuard) {
    this.#options = options;
    this.#guard = guard;
  }

  /** Judges a Lease that is seen for the first time in this form. */
  ofNew(lease: Lease): ShardJudgement {
    return this.#judge(lease, this.#options.clock.monotonic(), 0);
  }

  /** Judges a Lease, with what follows from that. */
  of(memory: LeaseMemory): Track {
    const { lease, ring, changedAt, goneAt } = memory;
    const key = formatKey(keyOf(lease));
    const patience = this.#guard.patience(ring, key, leaseTimes(lease).leaseDuration);
    const found = this.#judge(lease, changedAt, patience);
    const judgement = isHoldable(memory) ? found : { ...found, held: false };
    const change = this.#options.clock.monotonic() + (judgement.nextChange ?? Infinity);
    const end = goneAt === undefined ? Infinity : goneAt + this.#retentionOf(lease);
    return { ...memory, judgement, keptBack: this.#guard.keepsBack(ring, key), due: Math.min(change, end) };
  }

  /** Is a ghost to be forgotten, whatever it was? */
  isOver({ goneAt, lease }: LeaseMemory): boolean {
    return goneAt !== undefined && this.#options.clock.monotonic() - goneAt >= this.#retentionOf(lease);
  }

  #judge(lease: Lease, changedAt: number, patience: number): ShardJudgement {
    const { clock, timing, watchingSince } = this.#options;
    const now = { wall: clock.now(), monotonic: clock.monotonic() };
    return shardState(lease, { changedAt, watchingSince: watchingSince(), patience }, now, timing);
  }

  /** Never shorter than twice what any judgement on the Lease needs. */
  #retentionOf(lease: Lease): number {
    const { ghostRetention, timing, massLossHold } = this.#options;
    const longest = (timing.uncertainAfter + massLossHold) * leaseTimes(lease).leaseDuration;
    return Math.max(ghostRetention, 2 * longest);
  }
}
