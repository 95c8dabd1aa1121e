/**
 * How a shard proves when it stops. With each renewal of its Lease it writes, in an annotation, the time by which it
 * will have stopped unless it renews again, counted from the start of the renewal request. The value is the interval
 * from that renewal to the stop, `<renewTime>/<stop time>` (ISO 8601). A renewal by somebody who does not know the
 * annotation leaves it behind: it then names another renewTime and does not count.
 */
import type { Lease } from "../k8s/types.ts";
import { formatMicroTime, leaseTimes, parseTime } from "./lease_times.ts";
import { stopByAnnotation } from "./names.ts";

/** The two times of a proof, in milliseconds since the Unix epoch, both by the shard's clock. */
export interface StopProof {
  /** spec.renewTime of the renewal that it belongs to. */
  readonly renewTime: number;
  /** When the shard will have stopped, unless it renews again. */
  readonly stopBy: number;
}

/** The value of the annotation {@link stopByAnnotation}. */
export function formatStopProof(proof: StopProof): string {
  return `${formatMicroTime(proof.renewTime)}/${formatMicroTime(proof.stopBy)}`;
}

/** The inverse of {@link formatStopProof}; undefined for anything else. */
export function parseStopProof(value: string): StopProof | undefined {
  const [from, to, ...rest] = value.split("/");
  const renewTime = parseTime(from);
  const stopBy = parseTime(to);
  return renewTime === undefined || stopBy === undefined || rest.length > 0 ? undefined : { renewTime, stopBy };
}

/** Does the Lease carry a proof, for its present renewTime, that its shard stops within the Lease's duration? */
export function provesStop(lease: Lease): boolean {
  const value = lease.metadata.annotations?.[stopByAnnotation];
  const proof = value === undefined ? undefined : parseStopProof(value);
  const times = leaseTimes(lease);
  if (proof === undefined || !times.usable || proof.renewTime !== times.renewTime) return false;
  return proof.stopBy >= proof.renewTime && proof.stopBy - proof.renewTime <= times.leaseDuration;
}
