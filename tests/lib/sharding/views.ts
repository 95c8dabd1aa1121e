import { RingView, type ShardEntry, type ShardStatus } from "../../../lib/sharding/ring_view.ts";
import type { ShardJudgement } from "../../../lib/sharding/shard_state.ts";

/** The judgement behind a status. */
export function judgementOf(status: Exclude<ShardStatus, "unknown">): ShardJudgement {
  if (status === "held") return { state: "dead", holder: "sharder", held: true, proven: false };
  return { state: status, holder: status === "dead" ? "nobody" : "shard", held: false, proven: false };
}

/** A shard in the namespace "default". */
export function entryOf(name: string, status: Exclude<ShardStatus, "unknown">, namespace = "default"): ShardEntry {
  return { name, namespace, judgement: judgementOf(status) };
}

/** A view of the ring "ring" from shard names and their statuses. */
export function viewOf(shards: Readonly<Record<string, Exclude<ShardStatus, "unknown">>>): RingView {
  return new RingView("ring", Object.entries(shards).map(([name, status]) => entryOf(name, status)));
}
