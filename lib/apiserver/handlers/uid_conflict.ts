import type { ServedResource } from "../resources/served_resource.ts";
import { conflict, type StatusError } from "../status.ts";

/** Where etcd keeps objects whose place does not follow from the resource. */
const places: Readonly<Record<string, string>> = { "/services": "services/specs", "/nodes": "minions" };

/**
 * 409 of a PUT that names the uid of another object than the one that is there, in the words of the real server's
 * storage. @param found the uid of that; "" when there is none
 */
export function uidConflict(
  resource: ServedResource,
  namespace: string | undefined,
  name: string,
  wanted: string,
  found: string,
  dryRun: boolean,
): StatusError {
  const { group, plural } = resource;
  const isGrouped = resource.custom === true || group === "apiextensions.k8s.io";
  const place = places[`${group}/${plural}`] ?? (isGrouped ? `${group}/${plural}` : plural);
  // A dry run does not come so far as to add the prefix.
  const key = [dryRun ? "" : "/registry", place, ...namespace === undefined ? [] : [namespace], name].join("/");
  const why = `Precondition failed: UID in precondition: ${wanted}, UID in object meta: ${found}`;
  const what = `StorageError: invalid object, Code: 4, Key: ${key}, ResourceVersion: 0, AdditionalErrorMsg: ${why}`;
  return conflict(resource, name, what);
}
