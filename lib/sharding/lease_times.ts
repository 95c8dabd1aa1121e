import type { Lease } from "../k8s/types.ts";

const { Instant } = globalThis.Temporal;

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

/** Milliseconds since the Unix epoch of an RFC 3339 time, with what it has below; undefined when it is none. */
export function parseTime(text: unknown): number | undefined {
  if (typeof text !== "string") return undefined;
  try {
    return Number(Instant.from(text).epochNanoseconds / 1_000n) / 1_000;
  } catch {
    return undefined; // The caller knows which field it was and reports it.
  }
}

/** A time as Kubernetes' MicroTime has it: RFC 3339 in UTC with six decimal places, rounded up to them. */
export function formatMicroTime(ms: number): string {
  return new Instant(BigInt(Math.ceil(ms * 1_000)) * 1_000n).toString({ fractionalSecondDigits: 6 });
}

function unusable(field: string, value: unknown): LeaseTimes {
  const what = value === undefined || value === null ? "is missing" : `is ${JSON.stringify(value)}`;
  return { usable: false, leaseDuration: defaultLeaseDuration, problem: `spec.${field} ${what}` };
}
