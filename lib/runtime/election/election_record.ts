/** Who leads since when: the fields of a Lease that the election is about. */
export interface ElectionRecord {
  /** Identity of the holder; "" when nobody holds the Lease. */
  readonly holder: string;
  /** Others wait so long after the last renewal that they saw; 0 when the Lease does not say. */
  readonly leaseDurationSeconds: number;
  /** MicroTime at which the holder acquired the Lease. */
  readonly acquireTime?: string;
  /** MicroTime of the last renewal, by the holder's clock. */
  readonly renewTime?: string;
  /** How often the holder changed. */
  readonly transitions: number;
}

/** Are the records equal in every field? */
export function sameRecord(a: ElectionRecord, b: ElectionRecord): boolean {
  return a.holder === b.holder && a.leaseDurationSeconds === b.leaseDurationSeconds &&
    a.acquireTime === b.acquireTime && a.renewTime === b.renewTime && a.transitions === b.transitions;
}

/** A record as somebody saw it, with the local time: the clocks of others are never trusted. */
export interface ObservedRecord {
  readonly record: ElectionRecord;
  /** Monotonic milliseconds at which it was first seen in this form. */
  readonly since: number;
}

/** May a candidate not take the Lease, because it changed within the duration that it names itself? */
export function isRecordValid(observed: ObservedRecord, now: number): boolean {
  return observed.since + observed.record.leaseDurationSeconds * 1_000 > now;
}

/** What a lock writes with each acquisition and renewal. */
export interface StopBy {
  /** spec.renewTime of this write (MicroTime): the start of the request. */
  readonly renewTime: string;
  /** MicroTime by which the holder will have stopped if no later renewal succeeds. */
  readonly stopTime: string;
}

/**
 * Where the record is kept. Writes succeed only if nobody wrote since the lock last read or wrote: otherwise they
 * reject with a conflict.
 */
export interface Lock {
  /** Names the lock in logs and errors, as `namespace/name`. */
  readonly name: string;
  /** Reads the record; undefined when there is none. */
  get(signal: AbortSignal): Promise<ElectionRecord | undefined>;
  /** Writes the first record. */
  create(record: ElectionRecord, stopBy: StopBy, signal: AbortSignal): Promise<void>;
  /** Replaces the record. `stopBy` is absent when the lock is released. */
  update(record: ElectionRecord, stopBy: StopBy | undefined, signal: AbortSignal): Promise<void>;
}
