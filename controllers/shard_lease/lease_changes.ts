import type { Draft, Lease } from "../../lib/k8s/types.ts";
import { leaseTimes } from "../../lib/sharding/lease_times.ts";
import { formatMicroTime } from "../../lib/util/micro_time.ts";
import { takeOverIdentity } from "../../lib/sharding/names.ts";
import { holderOf } from "../../lib/sharding/shard_state.ts";

/** A gracefully released Lease lasts for one second, too short to move objects under its cover; in seconds. */
const shortestTakeOver = 10;

/**
 * The Lease as the sharder takes it over: for twice its duration nobody else may acquire it. Written with the
 * resourceVersion of `lease`, so that it fails when the shard has renewed meanwhile.
 *
 * Of a Lease that the sharder holds already, only the time changes.
 */
export function takenOver(lease: Lease, now: number): Draft<Lease> {
  const time = formatMicroTime(now);
  if (holderOf(lease) === "sharder") return { ...lease, spec: { ...lease.spec, renewTime: time } };
  return {
    ...lease,
    spec: {
      ...lease.spec,
      holderIdentity: takeOverIdentity,
      leaseDurationSeconds: Math.max(2 * durationOf(lease), shortestTakeOver),
      acquireTime: time,
      renewTime: time,
      leaseTransitions: (lease.spec?.leaseTransitions ?? 0) + 1,
    },
  };
}

/** The Lease as the sharder gives it back: a shard of this name may have it at once. */
export function released(lease: Lease, now: number): Draft<Lease> {
  const time = formatMicroTime(now);
  return {
    ...lease,
    spec: { ...lease.spec, holderIdentity: "", leaseDurationSeconds: 1, acquireTime: time, renewTime: time },
  };
}

/** A Lease that somebody deleted, as it is created again to take it over. */
export function recreated(ghost: Lease, now: number): Draft<Lease> {
  const { name, namespace, labels, annotations } = ghost.metadata;
  const metadata = {
    name,
    ...(namespace === undefined ? {} : { namespace }),
    ...(labels === undefined ? {} : { labels }),
    ...(annotations === undefined ? {} : { annotations }),
  };
  return { ...takenOver(ghost, now), metadata };
}

/** Whole seconds, at least one, as the API wants it. A graceful release leaves 1 behind, which is as good as any. */
function durationOf(lease: Lease): number {
  return Math.max(1, Math.round(leaseTimes(lease).leaseDuration / 1_000));
}
