import type { Lease } from "../k8s/types.ts";
import { holderOf, type ShardJudgement } from "../sharding/shard_state.ts";
import type { Presence } from "./mass_loss.ts";

/** A shard's Lease as this process knows it. */
export interface TrackedLease {
  /** As it was last seen. */
  readonly lease: Lease;
  /** The ring that its label names. */
  readonly ring: string;
  /** It was deleted, though not by us (or it lost its label): it counts as not renewed since it was last seen. */
  readonly ghost: boolean;
}

/** What is remembered of a Lease. Times are in monotonic milliseconds. */
export interface LeaseMemory extends TrackedLease {
  /** When its spec was last seen to change. */
  readonly changedAt: number;
  /** When it was seen to be gone; undefined while it is there. */
  readonly goneAt: number | undefined;
  /** We are about to give it back, or have done so: see `LeaseTracks.letGo`. */
  readonly letGo: boolean;
  /** What the guard against mass loss knows of its shard; undefined of one that left in order or was never there. */
  readonly presence: Presence | undefined;
}

/** The same with what follows from it. */
export interface Track extends LeaseMemory {
  readonly judgement: ShardJudgement;
  /** Its take-over is put off, as many shards were lost at once. */
  readonly keptBack: boolean;
  /** When it has to be judged again if nothing happens; Infinity for never. */
  readonly due: number;
}

/** A Lease that is gone, or that we let go of, keeps nobody away, whatever was last seen of it. */
export function isHoldable({ ghost, letGo }: Pick<LeaseMemory, "ghost" | "letGo">): boolean {
  return !ghost && !letGo;
}

/** Is it the same renewal? Labels and annotations do not keep a shard alive. */
export function isSameRenewal(a: Lease, b: Lease): boolean {
  return a.metadata.uid === b.metadata.uid && a.spec?.renewTime === b.spec?.renewTime &&
    a.spec?.holderIdentity === b.spec?.holderIdentity && a.spec?.acquireTime === b.spec?.acquireTime &&
    a.spec?.leaseDurationSeconds === b.spec?.leaseDurationSeconds &&
    a.spec?.leaseTransitions === b.spec?.leaseTransitions;
}

/** Would a view of the ring show the same? */
export function isSameToViews(a: Track, b: Track): boolean {
  const [one, other] = [a.judgement, b.judgement];
  return a.ghost === b.ghost && a.keptBack === b.keptBack && one.state === other.state &&
    one.holder === other.holder && one.held === other.held && one.proven === other.proven &&
    one.problem === other.problem;
}

/**
 * Whether the shard is there, after a Lease was seen that was not seen before in this form.
 * @param isReady of a Lease that was expired when it was first seen nobody knows when its shard fell silent
 */
export function presenceAfter(
  previous: LeaseMemory | undefined,
  lease: Lease,
  now: number,
  isReady: boolean,
): Presence | undefined {
  const before = previous === undefined ? undefined : holderOf(previous.lease);
  switch (holderOf(lease)) {
    case "shard": {
      if (previous === undefined && !isReady) return undefined;
      const goesOn = before === "shard" && previous?.presence !== undefined;
      return { since: goesOn ? previous.presence?.since ?? now : now, loss: undefined };
    }
    case "sharder":
      // Taken over because it was lost, and not because it left.
      return previous?.presence?.loss === undefined ? undefined : previous.presence;
    case "nobody":
      return before === "sharder" ? previous?.presence : undefined;
    case "other":
      return undefined;
  }
}
