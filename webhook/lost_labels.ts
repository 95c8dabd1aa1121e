import { drainLabel, isShardName, shardLabel } from "../lib/sharding/names.ts";
import type { RingView } from "../lib/sharding/ring_view.ts";
import type { AdmissionRequest } from "./admission_review.ts";
import { isLabels, isMetadata, type UncheckedMetadata } from "./metadata.ts";

/**
 * The labels that a main object loses by this update although its shard did not let go of it, as when somebody replaces
 * the object from a template: another shard must not begin while the first is at work. With a drain label the loss of the
 * shard label is the acknowledgement, but not in an object without a resourceVersion: who acknowledges has read the
 * object, or patches it.
 *
 * Of a dead or unknown shard this replica may know less than others do; the sharder makes sure before it moves the object.
 */
export function lostLabels(
  request: AdmissionRequest,
  metadata: UncheckedMetadata,
  view: Pick<RingView, "statusOf">,
  ring: string,
): Readonly<Record<string, string>> | undefined {
  if (request.operation !== "UPDATE") return undefined;
  const old = request.oldObject?.["metadata"];
  if (!isMetadata(old) || !isLabels(old.labels)) return undefined;
  const shard = old.labels?.[shardLabel(ring)];
  if (typeof shard !== "string" || !isShardName(shard) || view.statusOf(shard) === "held") return undefined;
  const drain = old.labels?.[drainLabel(ring)];
  if (drain === undefined) return { [shardLabel(ring)]: shard };
  if (typeof drain !== "string" || metadata.resourceVersion) return undefined;
  return { [shardLabel(ring)]: shard, [drainLabel(ring)]: drain };
}
