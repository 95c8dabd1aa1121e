import type { RingSnapshot } from "../../lib/rings/mod.ts";
import { drainLabel, shardLabel } from "../../lib/sharding/names.ts";

/** Selects objects without a label and those whose label names no live shard; "" while there is no live shard. */
export function ownerlessSelector(snapshot: RingSnapshot): string {
  const { ring, view } = snapshot;
  const label = shardLabel(ring.metadata.name);
  const live = view.liveNames();
  return live.length === 0 ? "" : `${label} notin (${live.join(",")})`;
}

/** Selects objects that were asked to leave their shard. */
export function drainingSelector(ring: string): string {
  return drainLabel(ring);
}
