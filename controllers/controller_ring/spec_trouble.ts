import { formatGroupResource } from "../../lib/k8s/api/resource.ts";
import type { Trouble } from "../../lib/rings/troubles.ts";
import { type ControllerRing, roleOf } from "../../lib/sharding/ring_types.ts";

/**
 * What is ambiguous about a ring's spec. The CustomResourceDefinition refuses this in new rings; it stands in those that
 * are older than the rule.
 */
export function specTroubles(ring: ControllerRing): readonly Trouble[] {
  const listed = (ring.spec?.resources ?? []).flatMap(({ controlledResources = [] }) => controlledResources);
  const twice = listed.filter((resource) => roleOf(ring, resource) === "main").map(formatGroupResource);
  if (twice.length === 0) return [];
  const names = [...new Set(twice)].sort().join(", ");
  return [{
    type: "SpecAmbiguous",
    reason: "MainAndControlled",
    message:
      `spec.resources has ${names} as main and as controlled resource; the sharder treats it as main. Remove it ` +
      "from spec.resources or from controlledResources",
  }];
}
