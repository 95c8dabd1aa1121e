/**
 * Where a ring's shards may have their Leases. Whoever may create a Lease in a namespace can join a ring and gets its
 * objects, so a ring can name the namespaces of its shards in an annotation: `ns-a, ns-b`. Leases elsewhere then count
 * for nothing. Without the annotation all namespaces do that the sharder looks at.
 */
import { leaseNamespacesAnnotation } from "./names.ts";
import type { ControllerRing } from "./ring_types.ts";

/** Can a namespace be called so (RFC 1123 label)? */
export function isNamespaceName(name: string): boolean {
  return /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(name);
}

/** The namespaces that a ring names; undefined when all do. With an annotation that names none, none does. */
export function leaseNamespacesOf(ring: ControllerRing): ReadonlySet<string> | undefined {
  const text = ring.metadata.annotations?.[leaseNamespacesAnnotation];
  if (text === undefined) return undefined;
  return new Set(text.split(",").map((name) => name.trim()).filter((name) => name !== ""));
}

/** Tells which namespaces a ring admits; undefined when all. In the form that a `RingView` takes. */
export function admissionOf(ring: ControllerRing): ((namespace: string) => boolean) | undefined {
  const namespaces = leaseNamespacesOf(ring);
  return namespaces === undefined ? undefined : (namespace) => namespaces.has(namespace);
}

/** Do two versions of a ring name the same namespaces? */
export function hasSameLeaseNamespaces(a: ControllerRing, b: ControllerRing): boolean {
  const [one, other] = [leaseNamespacesOf(a), leaseNamespacesOf(b)];
  if (one === undefined || other === undefined) return one === other;
  return one.size === other.size && [...one].every((name) => other.has(name));
}
