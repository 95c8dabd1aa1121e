import type { Resource } from "../api/resource.ts";
import type { KubeObject, Lease } from "../types.ts";

/** Leases of `coordination.k8s.io/v1`. */
export const leases: Resource<Lease> = {
  group: "coordination.k8s.io",
  version: "v1",
  plural: "leases",
  kind: "Lease",
  namespaced: true,
  is: isLease,
};

function isLease(object: KubeObject & { spec?: unknown }): object is Lease {
  const { spec } = object;
  if (spec === undefined) return true;
  if (typeof spec !== "object" || spec === null) return false;
  return isOptional(spec, "string", "holderIdentity", "acquireTime", "renewTime") &&
    isOptional(spec, "number", "leaseDurationSeconds", "leaseTransitions");
}

function isOptional(fields: object, type: "string" | "number", ...names: readonly string[]): boolean {
  const values = new Map<string, unknown>(Object.entries(fields));
  return names.every((name) => {
    const value = values.get(name);
    return value === undefined || typeof value === type;
  });
}
