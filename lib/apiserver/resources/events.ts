import type { JSONObject } from "../../k8s/contract.ts";

// Events have one storage and two shapes; these are the fields whose names differ (events.k8s.io/v1 first).
const renamed: readonly (readonly [string, string])[] = [
  ["regarding", "involvedObject"],
  ["note", "message"],
  ["deprecatedSource", "source"],
  ["deprecatedFirstTimestamp", "firstTimestamp"],
  ["deprecatedLastTimestamp", "lastTimestamp"],
  ["deprecatedCount", "count"],
  ["reportingController", "reportingComponent"],
];

/** The shape of the core group of an event stored as events.k8s.io/v1. */
export function readEvent(stored: JSONObject): JSONObject {
  return { ...always, ...rename(stored, renamed), apiVersion: "v1" };
}

/** The shape of events.k8s.io/v1 of an event of the core group. */
export function writeEvent(event: JSONObject): JSONObject {
  const stored: JSONObject = { ...rename(event, renamed.map(([ours, theirs]) => [theirs, ours])) };
  for (const field of ["reportingController", "reportingInstance"]) if (stored[field] === "") delete stored[field];
  return { ...stored, apiVersion: "events.k8s.io/v1" };
}

/** Fields that the shape of the core group writes also when they are empty, and the other one does not. */
const always = { reportingComponent: "", reportingInstance: "" };

function rename(object: JSONObject, names: readonly (readonly [string, string])[]): JSONObject {
  const table = new Map(names);
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [table.get(key) ?? key, value]));
}
