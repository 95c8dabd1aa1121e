import type { Lease } from "../../../lib/k8s/types.ts";
import { formatMicroTime } from "../../../lib/util/micro_time.ts";
import { leaseRingLabel, stopByAnnotation } from "../../../lib/sharding/names.ts";
import { formatStopProof } from "../../../lib/sharding/stop_proof.ts";

/** What a test wants to say about a Lease; the rest is a Lease as a shard writes it. */
export interface LeaseWishes {
  readonly namespace?: string;
  readonly ring?: string;
  /** @default the name */
  readonly holder?: string;
  /** Milliseconds since the epoch. @default 0 */
  readonly renewTime?: number;
  /** In seconds. @default 15 */
  readonly duration?: number;
  /** Adds the proof that the shard stops so many milliseconds after its renewal. */
  readonly stopsAfter?: number;
}

/** A Lease of a shard. */
export function leaseOf(name: string, wishes: LeaseWishes = {}): Lease {
  const { namespace = "default", ring = "ring", holder = name, renewTime = 0, duration = 15, stopsAfter } = wishes;
  const annotations = stopsAfter === undefined ? {} : {
    annotations: {
      [stopByAnnotation]: formatStopProof({ renewTime: formatMicroTime(renewTime), stopBy: renewTime + stopsAfter }),
    },
  };
  return {
    apiVersion: "coordination.k8s.io/v1",
    kind: "Lease",
    metadata: { name, namespace, labels: { [leaseRingLabel]: ring }, ...annotations },
    spec: {
      holderIdentity: holder,
      leaseDurationSeconds: duration,
      acquireTime: formatMicroTime(0),
      renewTime: formatMicroTime(renewTime),
      leaseTransitions: 0,
    },
  };
}
