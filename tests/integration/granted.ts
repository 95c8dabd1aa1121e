import { attributesOf, type ResourceAttributes } from "../../lib/apiserver/rbac/attributes.ts";
import type { JSONObject, JSONValue, RequestOptions } from "../../lib/k8s/contract.ts";
import { isJsonObject } from "../../lib/k8s/errors.ts";

/** One verb on one resource that a role grants. */
export interface Permission {
  readonly role: string;
  /** Undefined: in all namespaces. */
  readonly namespace: string | undefined;
  /** Undefined: all. */
  readonly names: readonly string[] | undefined;
  readonly group: string;
  /** With its subresource, as `controllerrings/status`. */
  readonly resource: string;
  readonly verb: string;
}

/** For people, and to compare. */
export function formatPermission({ role, group, resource, verb }: Permission): string {
  return `${role}: ${verb} ${resource}${group === "" ? "" : `.${group}`}`;
}

/** All that the roles among some objects grant, the narrowest first. */
export function permissionsIn(objects: readonly JSONObject[]): readonly Permission[] {
  const found = objects.flatMap((object) => {
    const { kind, metadata, rules } = object;
    if ((kind !== "Role" && kind !== "ClusterRole") || !isJsonObject(metadata) || !Array.isArray(rules)) return [];
    const namespace = kind === "Role" ? String(metadata["namespace"]) : undefined;
    return rules.filter(isJsonObject).flatMap((rule) => ofRule(rule, String(metadata["name"]), namespace));
  });
  const width = ({ names, namespace }: Permission): number => names !== undefined ? 0 : namespace !== undefined ? 1 : 2;
  return found.sort((a, b) => width(a) - width(b));
}

/** The permissions that a request needs: one of each list. A request that is no request for a resource needs none. */
export function neededFor(request: RequestOptions, permissions: readonly Permission[]): readonly Permission[] {
  const { method, path, querystring = new URLSearchParams(), contentType = "" } = request;
  const attributes = attributesOf({ method, path, query: querystring });
  if (attributes.type === "path") return [];
  // An apply creates what does not exist.
  const verbs = contentType.includes("apply-patch") ? [attributes.verb, "create"] : [attributes.verb];
  return verbs.flatMap((verb) => permissions.find((permission) => grants(permission, { ...attributes, verb })) ?? []);
}

function grants(permission: Permission, wanted: ResourceAttributes): boolean {
  const { namespace, names, group, resource, verb } = permission;
  const asked = wanted.subresource === "" ? wanted.resource : `${wanted.resource}/${wanted.subresource}`;
  return group === wanted.group && resource === asked && verb === wanted.verb &&
    (namespace === undefined || namespace === wanted.namespace) &&
    (names === undefined || names.includes(wanted.name));
}

function ofRule(rule: JSONObject, role: string, namespace: string | undefined): Permission[] {
  const names = rule["resourceNames"] === undefined ? undefined : strings(rule["resourceNames"]);
  return strings(rule["apiGroups"]).flatMap((group) =>
    strings(rule["resources"]).flatMap((resource) =>
      strings(rule["verbs"]).map((verb) => ({ role, namespace, names, group, resource, verb }))
    )
  );
}

function strings(value: JSONValue | undefined): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}
