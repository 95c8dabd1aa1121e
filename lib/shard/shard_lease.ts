import { Api } from "../k8s/api/api.ts";
import type { RestClient } from "../k8s/contract.ts";
import { leases } from "../k8s/kinds/coordination.ts";
import { type ElectionObserver, type ElectionTiming, LeaderElector, LeaseLock } from "../runtime/election/mod.ts";
import { isShardName, leaseRingLabel, stopByAnnotation } from "../sharding/names.ts";
import { formatStopProof } from "../sharding/stop_proof.ts";
import type { Clock } from "../util/clock/mod.ts";
import { getLogger, type Logger } from "../util/log.ts";
import { parseTime } from "../util/micro_time.ts";
import type { Random } from "../util/random.ts";
import type { ShardIdentity } from "./shard_labels.ts";

/** The timing of shards when nobody says otherwise: that of the reference, in milliseconds. */
export const defaultShardTiming: ElectionTiming = { leaseDuration: 15_000, renewDeadline: 10_000, retryPeriod: 2_000 };

/** Settings of {@link createShardLease}. */
export interface ShardLeaseOptions extends ShardIdentity {
  /** A connection of its own, without a rate limit: no amount of other work may hold up a renewal. */
  readonly client: RestClient;
  /** Where the Lease is. */
  readonly leaseNamespace: string;
  /** How long the Lease lasts, and when it is renewed. @default defaultShardTiming */
  readonly timing?: ElectionTiming;
  /**
   * Gives the Lease back after the work has stopped, so that the objects move at once. Without it they stay until the
   * Lease has expired, for shards that come back under the same name soon. @default true
   */
  readonly releaseOnStop?: boolean;
  /** Time of renewals and deadlines. */
  readonly clock: Clock;
  /** Jitter of the pauses between tries. */
  readonly random: Random;
  /** Hears whether the Lease is held. */
  readonly observer?: ElectionObserver;
  /** Hears of gains, losses and failed renewals. @default the logger `sharding.shard` */
  readonly logger?: Logger;
}

/**
 * A shard's Lease: with it the shard announces itself to the sharder and learns until when it may work. Name, holder
 * and shard are the same; the ring is a label. Each renewal carries the proof of when the shard stops without another
 * one, so the sharder need not wait longer than that. A process that is too busy to renew in time says so in its log.
 * @throws RangeError when the name does not do as a label value, or the timing contradicts itself.
 */
export function createShardLease(options: ShardLeaseOptions): LeaderElector {
  const { client, ring, shard, leaseNamespace, timing = defaultShardTiming, releaseOnStop = true } = options;
  const { clock, random, observer, logger = getLogger(["sharding", "shard"]) } = options;
  if (!isShardName(shard)) {
    throw new RangeError(
      `"${shard}" cannot be the name of a shard: objects are labelled with it, so it must have 1 to 63 characters, ` +
        "letters, digits, '-', '_' and '.' only, and begin and end with a letter or digit; choose another shard name",
    );
  }
  const lock = new LeaseLock({
    api: new Api(client, leases),
    namespace: leaseNamespace,
    lease: shard,
    decorate: ({ renewTime, stopTime }) => ({
      labels: { [leaseRingLabel]: ring },
      annotations: { [stopByAnnotation]: proofOf(renewTime, stopTime) },
    }),
  });
  return new LeaderElector({
    lock,
    identity: shard,
    ...timing,
    releaseOnCancel: releaseOnStop,
    clock,
    random,
    logger,
    ...(observer === undefined ? {} : { observer }),
  });
}

function proofOf(renewTime: string, stopTime: string): string {
  const stopBy = parseTime(stopTime);
  if (stopBy === undefined) throw new TypeError(`the elector's stop time is no time: ${stopTime}`);
  return formatStopProof({ renewTime, stopBy });
}
