import type { Lease } from "../k8s/types.ts";
import { parseTime } from "../util/micro_time.ts";

/** L of a Lease that does not say how long it lasts, in milliseconds (protocol, section 4). */
const defaultLeaseDuration = 15_000;

/** When a Lease was renewed and for how long, in milliseconds. */
export type LeaseTimes =
  | { readonly usable: true; readonly renewTime: number; readonly leaseDuration: number }
  /** A field is missing or nonsense; `problem` says which. The protocol then counts with a duration of its own. */
  | { readonly usable: false; readonly leaseDuration: number; readonly problem: string };

/** Reads the times of a Lease. Never throws. */
export function leaseTimes(lease: Lease): LeaseTimes {
  const { acquireTime, renewTime, leaseDurationSeconds } = lease.spec ?? {};
  const renewed = parseTime(renewTime);
  // The reference does not count with acquireTime, but needs it to be there.
  if (renewed === undefined || parseTime(acquireTime) === undefined) {
    const [field, value] = renewed === undefined ? ["renewTime", renewTime] : ["acquireTime", acquireTime];
    return unusable(field, value);
  }
  if (typeof leaseDurationSeconds !== "number" || !(leaseDurationSeconds > 0)) {
    return unusable("leaseDurationSeconds", leaseDurationSeconds);
  }
  return { usable: true, renewTime: renewed, leaseDuration: leaseDurationSeconds * 1_000 };
}

function unusable(field: string, value: unknown): LeaseTimes {
  const what = value === undefined || value === null ? "is missing" : `is ${JSON.stringify(value)}`;
  return { usable: false, leaseDuration: defaultLeaseDuration, problem: `spec.${field} ${what}` };
}
