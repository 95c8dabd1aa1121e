import type { GroupResource } from "../../lib/k8s/api/resource.ts";
import type { ResourceAccess } from "../../lib/runtime/authorization/mod.ts";
import { secretName } from "../certificates/certificate_secret.ts";

/** What of the configuration decides which rights the sharder needs. */
export interface AccessSettings {
  /** The only namespaces with Leases of shards; absent for all. */
  readonly leaseNamespaces?: readonly string[];
  /** Where the sharder keeps the webhook's certificates; absent where somebody else issues them. */
  readonly certificateNamespace?: string;
}

/** Something that the sharder needs to be allowed, in one of these ways. */
export type NeededAccess = readonly [ResourceAccess, ...ResourceAccess[]];

/**
 * What the sharder needs for all rings, whatever their resources. What it takes to know rings at all and to write their
 * status is not named, as nothing could be said then; nor the finalizer's, which has a word of its own.
 */
export function ownAccess({ leaseNamespaces, certificateNamespace }: AccessSettings): readonly NeededAccess[] {
  const configurations = { group: "admissionregistration.k8s.io", resource: "mutatingwebhookconfigurations" };
  const leases = { group: "coordination.k8s.io", resource: "leases" };
  const leaseVerbs = ["get", "list", "watch", "create", "update", "patch", "delete"];
  const secret = { group: "", resource: "secrets", name: secretName };
  const secretVerbs = ["get", "list", "watch", "create", "patch", "update"];
  return [
    ...on(configurations, ["list", "watch", "create", "patch"]),
    ...(leaseNamespaces ?? [undefined]).flatMap((namespace) => on({ ...leases, namespace }, leaseVerbs)),
    ...["create", "patch"].map((verb): NeededAccess => {
      // Events of cluster-scoped objects are in this namespace. Those of both groups are the same.
      const access = { verb, resource: "events", namespace: "default" };
      return [{ ...access, group: "events.k8s.io" }, { ...access, group: "" }];
    }),
    ...(certificateNamespace === undefined ? [] : on({ ...secret, namespace: certificateNamespace }, secretVerbs)),
  ];
}

/** Is there another way of doing what needs this? */
export function isDispensable({ verb, resource }: ResourceAccess): boolean {
  if (resource === "mutatingwebhookconfigurations") return verb === "list" || verb === "watch";
  return resource === "leases" && verb === "create";
}

function on(
  what: GroupResource & { readonly namespace?: string | undefined; readonly name?: string },
  verbs: readonly string[],
): readonly NeededAccess[] {
  return verbs.map((verb) => [{ ...what, verb }]);
}
