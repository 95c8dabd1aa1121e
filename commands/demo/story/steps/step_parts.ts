import { leases } from "../../../../lib/k8s/kinds/coordination.ts";
import { leaseRingLabel, leaseStateLabel } from "../../../../lib/sharding/names.ts";
import type { Clock } from "../../../../lib/util/clock/mod.ts";
import type { Hands } from "../hands.ts";
import { ownerConflicts } from "../one_owner.ts";
import type { Teller } from "../teller.ts";
import { place, type World } from "../world.ts";

/** What the steps work with. */
export interface StoryParts {
  readonly world: World;
  readonly hands: Hands;
  readonly clock: Clock;
  /** "quick" leaves out what only waits for a minute. */
  readonly length: "quick" | "full";
  /** False where the API server cannot reach the webhook: then objects get their shard shortly after their creation. */
  readonly webhook: boolean;
  /** Shows the moves since a mark. */
  readonly showMoves: (mark: number) => void;
}

/** Bounds in milliseconds. They are what the guide promises, with room for a busy machine where it names no time. */
export const within = {
  pods: 30_000,
  settled: 10_000,
  /** A crashed shard's objects: 15 s of its Lease, 2 s of margin, and the moves (guarantee G2). */
  takenOver: 20_000,
  orphanedLease: 75_000,
  rollout: 90_000,
} as const;

/** Selects what belongs to the ring. */
export const ringSelector = `${leaseRingLabel}=${place.ring}`;

/** Shows the shards' Leases with their states. */
export async function showLeases(hands: Hands, world: World, signal: AbortSignal): Promise<void> {
  await hands.show(
    ["get", "lease", "-l", ringSelector],
    [{ path: world.path(leases), labelSelector: ringSelector }],
    [leaseStateLabel],
    signal,
  );
}

/** Says that no object had two owners since the mark. @throws UnmetError */
export function checkOwners(teller: Teller, world: World, mark: number): void {
  const moves = world.watch.movesSince(mark);
  const [conflict] = ownerConflicts(moves, world.watch.leaseLog);
  teller.check(
    "no object with two owners at any time",
    conflict === undefined
      ? { met: true, seen: `${moves.length} changes of labels, and at no time did two shards own one object` }
      : { met: false, seen: conflict },
  );
}

/** How many Secrets each shard has, in a sentence. */
export function distribution({ watch }: World): string {
  const { shards = [] } = watch.report ?? {};
  const parts = shards.filter(({ available }) => available).map(({ name, perResource }) =>
    `${name} ${perResource[0] ?? 0}`
  );
  return `Secrets of each shard: ${parts.join(", ")}`;
}
