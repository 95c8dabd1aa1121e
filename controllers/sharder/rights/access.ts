import { formatGroupResource, type GroupResource } from "../../../lib/k8s/api/resource.ts";
import type { Trouble } from "../../../lib/rings/mod.ts";
import type { ResourceAccess } from "../../../lib/runtime/authorization/mod.ts";
import type { ControllerRing } from "../../../lib/sharding/ring_types.ts";
import { controlledResources, mainResources } from "../../../lib/sharding/ring_types.ts";

/** Verbs without which objects cannot be brought to their shards. */
const essential = ["list", "patch"] as const;

/** Verbs without which lists take the place of reading and watching. */
const helpful = ["get", "watch"] as const;

/** Resources that a message names at most. */
const namedResources = 10;

/** What the sharder has to be allowed to do for a ring. */
export function neededAccess(
  ring: ControllerRing,
  namespacesOf: (resource: GroupResource) => readonly (string | undefined)[],
): readonly ResourceAccess[] {
  return [...mainResources(ring), ...controlledResources(ring)].flatMap(({ group, resource }) =>
    namespacesOf({ group, resource }).flatMap((namespace) =>
      [...essential, ...helpful].map((verb) => ({ verb, group, resource, namespace }))
    )
  );
}

/** What is wrong when the sharder may not do this. */
export function accessTroubles(ring: string, denied: readonly ResourceAccess[]): readonly Trouble[] {
  if (denied.length === 0) return [];
  const isDegraded = denied.every(({ verb }) => helpful.some((one) => one === verb));
  const effect = isDegraded
    ? "It lists objects every few seconds instead of watching them, and so notices what happens later"
    : "Until it may, these objects get no shard and do not move";
  const remedy = `Grant the ClusterRole that "ring rbac ${ring}" prints`;
  return [{
    type: "PermissionsMissing",
    reason: isDegraded ? "Degraded" : "Forbidden",
    message: `The sharder may not ${listAccesses(denied)}. ${effect}. ${remedy}`,
  }];
}

/** As "get, watch secrets, configmaps in namespace foo; patch websites.example.com". */
export function listAccesses(denied: readonly ResourceAccess[]): string {
  const verbs = new Map<string, string[]>();
  for (const { verb, group, resource, namespace } of denied) {
    const where = namespace === undefined ? "" : ` in namespace ${namespace}`;
    const name = `${formatGroupResource({ group, resource })}${where}`;
    verbs.set(name, [...verbs.get(name) ?? [], verb]);
  }
  const names = Map.groupBy([...verbs.keys()].sort(), (name) => (verbs.get(name) ?? []).sort().join(", "));
  return [...names].map(([verbs, names]) => {
    const rest = names.length > namedResources ? " and others" : "";
    return `${verbs} ${names.slice(0, namedResources).join(", ")}${rest}`;
  }).join("; ");
}
