import { stringify } from "yaml";
import { appName, appNameLabel, systemNamespace } from "../../lib/sharding/names.ts";
import { controlledResources, type ControllerRing, mainResources } from "../../lib/sharding/ring_types.ts";
import type { RingCommandContext } from "./context.ts";
import { findRing } from "./find_ring.ts";
import { isData } from "./output.ts";

/** Which sharder shall look after the ring: ours with all that it can do, or one with the reference's rights. */
export type RbacMode = "full" | "reference";

/** What a role is for. */
export interface RbacOptions {
  readonly mode: RbacMode;
  /** The sharder's service account. */
  readonly namespace: string;
  readonly serviceAccount: string;
}

/** The reference's sharder lists objects and writes their labels. */
const referenceVerbs = ["list", "patch"] as const;

/** Ours reads an object again before a decision, and watches for objects without an owner and for acknowledgements. */
const fullVerbs = ["get", "list", "watch", "patch"] as const;

/** Usual values of {@link RbacOptions}. */
export const usualRbac: RbacOptions = { mode: "full", namespace: systemNamespace, serviceAccount: "sharder" };

/** Prints the role that the sharder needs for a ring's resources, and its binding. */
export async function rbac(context: RingCommandContext, name: string, options: RbacOptions): Promise<number> {
  const { parts, output } = context;
  const objects = ringRole(await findRing(context, name), options);
  if (isData(output) && output === "json") {
    parts.stdout(`${JSON.stringify({ apiVersion: "v1", kind: "List", items: objects }, null, 2)}\n`);
  } else parts.stdout(objects.map((object) => stringify(object, { lineWidth: 0 })).join("---\n"));
  return 0;
}

/** A ClusterRole for all main and controlled resources of a ring, and its binding, named as in the reference. */
export function ringRole(ring: ControllerRing, options: RbacOptions): readonly Record<string, unknown>[] {
  const { mode, namespace, serviceAccount } = options;
  const groups = new Map<string, string[]>();
  for (const { group, resource } of [...mainResources(ring), ...controlledResources(ring)]) {
    groups.set(group, [...groups.get(group) ?? [], resource]);
  }
  const name = `sharding:controllerring:${ring.metadata.name}`;
  const metadata = { name, labels: { [appNameLabel]: appName } };
  const verbs: readonly string[] = mode === "full" ? fullVerbs : referenceVerbs;
  const apiVersion = "rbac.authorization.k8s.io/v1";
  return [
    {
      apiVersion,
      kind: "ClusterRole",
      metadata,
      rules: [...groups].map(([group, resources]) => ({
        apiGroups: [group],
        resources: [...resources].sort(),
        verbs: [...verbs],
      })),
    },
    {
      apiVersion,
      kind: "ClusterRoleBinding",
      metadata: { name, labels: { [appNameLabel]: appName } },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name },
      subjects: [{ kind: "ServiceAccount", name: serviceAccount, namespace }],
    },
  ];
}
