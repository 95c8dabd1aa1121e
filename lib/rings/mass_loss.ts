/**
 * The guard against mass loss. When most shards of a ring fall silent at about the same time, it is more likely that
 * something keeps them from renewing their Leases than that all are gone, and the few that are left would drown in
 * their objects. So the take-over of these shards is put off for a while: for the rest of a short outage, or until as
 * many new shards have joined. Shards that release their Leases have said that they go, and are no such loss.
 */

/** What the guard knows of a shard. Times are in monotonic milliseconds. */
export interface Presence {
  /** Since when it has held its Lease, as far as this process has seen. */
  readonly since: number;
  /** Set when it has not renewed its Lease for (most of) its duration, and was not seen to come back since. */
  readonly loss: Loss | undefined;
}

/** The silence of a shard. */
export interface Loss {
  /** When it was last seen to renew. */
  readonly seen: number;
  /** When its Lease ran out. */
  readonly at: number;
  /** Duration of its Lease, in milliseconds. */
  readonly leaseDuration: number;
}

/** Fewer shards than this cannot be lost in masses. */
const fewestShards = 3;

/**
 * A shard is looked upon as lost after this part of its Lease's duration. Shards renew at different moments: when the
 * first of those that fell silent together may be taken over, the others have to be counted already.
 */
const silentPart = 0.85;

/** The loss of a shard that was last seen to renew at `seen`; undefined while it is not silent for long. */
export function lossOf(seen: number, leaseDuration: number, now: number): Loss | undefined {
  return now - seen < silentPart * leaseDuration ? undefined : { seen, at: seen + leaseDuration, leaseDuration };
}

/**
 * Those of a ring's shards that were lost in a mass: more than half of three or more, their Leases running out within
 * the duration of one, and not as many others have joined since. Empty when there was no such loss.
 */
export function massLoss<P extends Presence>(shards: readonly P[]): ReadonlySet<P> {
  const lost = shards.flatMap((shard) => shard.loss === undefined ? [] : [{ shard, loss: shard.loss }])
    .sort((a, b) => a.loss.at - b.loss.at);
  const others = shards.filter(({ loss }) => loss === undefined);
  let most: readonly (typeof lost)[number][] = [];
  lost.forEach(({ loss: first }, index) => {
    const together = lost.slice(index).filter(({ loss }) => loss.at - first.at <= first.leaseDuration);
    if (together.length > most.length) most = together;
  });
  const begin = Math.min(...most.map(({ loss }) => loss.seen));
  const joined = others.filter(({ since }) => since > begin).length;
  const total = most.length + others.length - joined;
  const isMass = total >= fewestShards && 2 * most.length > total && joined < most.length;
  return new Set(isMass ? most.map(({ shard }) => shard) : []);
}
