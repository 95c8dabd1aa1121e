import type { JSONObject } from "../../k8s/contract.ts";
import { objectAt, stringAt } from "../json.ts";

/** What is shown for a time that is not known. */
export const unknownTime = "<unknown>";

const minute = 60;
const hour = 60 * minute;
const day = 24 * hour;
const year = 365 * day;

/**
 * A duration in few characters, as kubectl shows ages: two units while the number is small, then one.
 * @param milliseconds negative ones up to 2 s count as zero, as clocks differ.
 */
export function formatAge(milliseconds: number): string {
  const seconds = Math.trunc(milliseconds / 1_000);
  if (seconds < -1) return "<invalid>";
  if (seconds < 2 * minute) return `${Math.max(0, seconds)}s`;
  if (seconds < 10 * minute) return twoUnits(seconds, [minute, "m"], [1, "s"]);
  if (seconds < 3 * hour) return `${Math.trunc(seconds / minute)}m`;
  if (seconds < 8 * hour) return twoUnits(seconds, [hour, "h"], [minute, "m"]);
  if (seconds < 2 * day) return `${Math.trunc(seconds / hour)}h`;
  if (seconds < 8 * day) return twoUnits(seconds, [day, "d"], [hour, "h"]);
  if (seconds < 2 * year) return `${Math.trunc(seconds / day)}d`;
  if (seconds < 8 * year) return twoUnits(seconds, [year, "y"], [day, "d"]);
  return `${Math.trunc(seconds / year)}y`;
}

type Unit = readonly [seconds: number, name: string];

function twoUnits(seconds: number, [large, first]: Unit, [small, second]: Unit): string {
  const rest = Math.trunc((seconds % large) / small);
  return `${Math.trunc(seconds / large)}${first}${rest === 0 ? "" : `${rest}${second}`}`;
}

/** Time since an RFC 3339 time; `<unknown>` for an empty text. */
export function ageSince(time: string, now: number): string {
  return time === "" ? unknownTime : formatAge(now - Date.parse(time));
}

/** Time since an object was created. */
export function ageOf(object: JSONObject, now: number): string {
  return ageSince(stringAt(objectAt(object, "metadata"), "creationTimestamp"), now);
}
