import type { LeavingResult } from "./look_result.ts";

/** A ring that is deleted is kept at most so long, in milliseconds. */
const longestRelease = 600_000;

/** A process that has just begun to look after a deletion tries for so long at least, in milliseconds. */
const leastRelease = 30_000;

/**
 * Is a ring that is deleted to be let go although objects keep its labels? At once when the sharder has no right to do
 * what is left; else 10 minutes after the deletion, by whichever process.
 *
 * @param here milliseconds for which this process has known of the end of the ring
 * @param deletionTimestamp of the ring; undefined when it was gone at once
 * @param now milliseconds since the epoch. The API server's clock may be another, so it never shortens the time to
 *   nothing
 */
export function mustGiveUp(
  result: LeavingResult,
  here: number,
  deletionTimestamp: string | undefined,
  now: number,
): boolean {
  if (result.isEmpty) return false;
  if (result.isForbidden) return true;
  const since = deletionTimestamp === undefined ? 0 : now - Date.parse(deletionTimestamp);
  return here >= longestRelease || (here >= leastRelease && since >= longestRelease);
}
