import { parseTime } from "../../util/micro_time.ts";

/** A time as most fields of Kubernetes objects have it: RFC 3339 in UTC, in whole seconds. */
export function formatTime(ms: number): string {
  return new Date(Math.floor(ms / 1_000) * 1_000).toISOString().replace(".000Z", "Z");
}

/** When an object was created, in milliseconds since the epoch; 0 when it does not say. */
export function createdAt(object: { readonly metadata: { readonly creationTimestamp?: string } }): number {
  return parseTime(object.metadata.creationTimestamp) ?? 0;
}
