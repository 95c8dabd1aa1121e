import type { RingSnapshot } from "../../../lib/rings/mod.ts";
import { brakesOf } from "../../../lib/sharding/brakes.ts";
import type { PendingDrains } from "./pending_drains.ts";
import type { Target } from "../targets.ts";

/** Is there a drain that is not wanted any more? Hash keys are all that is needed to tell. */
export function hasUnwantedDrains(pending: PendingDrains, { ring, view }: RingSnapshot): boolean {
  if (brakesOf(ring).paused) return pending.size > 0;
  for (const [key, { shard }] of pending.entries()) if (view.shardFor(key) === shard) return true;
  return false;
}

/** Hash keys of drains in resources and namespaces that are the ring's no more: nobody watches them to their end. */
export function drainsOutOfScope(pending: PendingDrains, targets: readonly Target[], ring: RingSnapshot): string[] {
  return pending.keys().filter((key) => {
    const [group, kind, namespace = ""] = key.split("/");
    const isServed = targets.some(({ role, resource }) =>
      role === "main" && resource.group === group && resource.kind === kind
    );
    return !isServed || !ring.selectsNamespace(namespace);
  });
}
