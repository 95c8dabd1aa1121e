import { formatGroupResource } from "../../lib/k8s/api/resource.ts";
import type { ControllerRing } from "../../lib/sharding/ring_types.ts";
import type { Target, Targets } from "./targets.ts";

/**
 * The targets to go by although some could not be looked up for the moment. What was found before is still there. As
 * long as a main resource was never found, the resources that it controls are left alone too: children whose owner is
 * not known to be the ring's would be moved by their key, away from the owner. A resource that does not exist holds up
 * nobody, as it has no objects.
 *
 * @param previous the targets that were gone by until now
 */
export function knownTargets(
  { served, failures }: Targets,
  { spec }: ControllerRing,
  previous: readonly Target[],
): readonly Target[] {
  const found = [...served];
  const missing = new Set<string>();
  for (const { role, groupResource, isAbsent } of failures) {
    if (isAbsent) continue;
    const name = formatGroupResource(groupResource);
    const before = previous.find((target) =>
      target.role === role && formatGroupResource(target.groupResource) === name
    );
    if (before !== undefined) found.push(before);
    else if (role === "main") missing.add(name);
  }
  const heldUp = (spec?.resources ?? [])
    .filter((main) => missing.has(formatGroupResource(main)))
    .flatMap(({ controlledResources = [] }) => controlledResources.map(formatGroupResource));
  return found
    .filter(({ role, groupResource }) => role === "main" || !heldUp.includes(formatGroupResource(groupResource)))
    .toSorted((a, b) => Number(a.role === "controlled") - Number(b.role === "controlled"));
}
