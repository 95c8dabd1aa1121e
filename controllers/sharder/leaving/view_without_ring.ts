import type { Rings, RingSnapshot } from "../../../lib/rings/mod.ts";
import { RingView } from "../../../lib/sharding/ring_view.ts";

/**
 * The shards of a ring that is gone: their Leases are still there.
 * @param last the ring as it was
 */
export function viewWithoutRing(
  ring: string,
  rings: Pick<Rings, "leasesOf" | "stateOf">,
  last: RingSnapshot | undefined,
): RingView {
  const entries = rings.leasesOf(ring).map(({ lease, ghost }) => ({
    name: lease.metadata.name,
    namespace: lease.metadata.namespace ?? "",
    judgement: rings.stateOf(lease),
    ghost,
  }));
  return new RingView(ring, entries, last === undefined ? {} : { admits: (namespace) => last.admits(namespace) });
}
