/**
 * How a shard proves when it stops. With each renewal of its Lease it writes, in an annotation, the time by which it
 * will have stopped unless it renews again, counted from the start of the renewal request. The value is the interval
 * from that renewal to the stop, `<renewTime>/<stop time>` (ISO 8601). A renewal by somebody who does not know the
 * annotation leaves it behind: it then names another renewTime and does not count.
 */
import type { Lease } from "../k8s/types.ts";
import { formatMicroTime, parseTime } from "../util/micro_time.ts";
import { leaseTimes } from "./lease_times.ts";
import { stopByAnnotation } from "./names.ts";

/** The two times of a proof, both by the shard's clock. */
export interface StopProof {
  /** spec.renewTime of the renewal that it belongs to, as it was written. */
  readonly renewTime: string;
  /** When the shard will have stopped unless it renews again, in milliseconds since the Unix epoch. */
  readonly stopBy: number;
}

/** The value of the annotation {@link stopByAnnotation}. */
export function formatStopProof(proof: StopProof): string {
  return `${proof.renewTime}/${formatMicroTime(proof.stopBy)}`;
}

/** The inverse of {@link formatStopProof}; undefined for anything else. */
export function parseStopProof(value: string): StopProof | undefined {
  const [renewTime = "", to, ...rest] = value.split("/");
  const stopBy = parseTime(to);
  if (parseTime(renewTime) === undefined || stopBy === undefined || rest.length > 0) return undefined;
  return { renewTime, stopBy };
}

/** Does the Lease carry a proof, for its present renewTime, that its shard stops within the Lease's duration? */
export function provesStop(lease: Lease): boolean {
  const value = lease.metadata.annotations?.[stopByAnnotation];
  const proof = value === undefined ? undefined : parseStopProof(value);
  const times = leaseTimes(lease);
  // Times are compared, not their spelling, as the API server writes them in a form of its own.
  if (proof === undefined || !times.usable || parseTime(proof.renewTime) !== times.renewTime) return false;
  return proof.stopBy >= times.renewTime && proof.stopBy - times.renewTime <= times.leaseDuration;
}
