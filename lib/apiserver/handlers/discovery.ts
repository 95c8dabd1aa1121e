import type { JSONObject } from "../../k8s/contract.ts";
import { apiVersionOf, type Registry } from "../resources/registry.ts";
import type { ServedResource } from "../resources/served_resource.ts";
import { bindings, subresourcesOf } from "../resources/subresources.ts";

const verbs = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];

/** The document at a path that describes what is served; undefined when there is none. */
export function discoveryDocument(path: string, accept: string, registry: Registry): JSONObject | undefined {
  const aggregated = accept.split(",").some((alternative) => {
    const parameters = alternative.split(";").map((part) => part.trim());
    return ["as=APIGroupDiscoveryList", "g=apidiscovery.k8s.io", "v=v2"].every((each) => parameters.includes(each));
  });
  const [, root, group, version, more] = path.split("/");
  if (more !== undefined) return undefined;
  if (root === "api" && group === undefined) return aggregated ? aggregate(registry, [""]) : legacyVersions();
  if (root === "apis" && group === undefined) {
    const groups = groupsOf(registry).filter((each) => each !== "");
    if (aggregated) return aggregate(registry, groups);
    return { kind: "APIGroupList", apiVersion: "v1", groups: groups.map((each) => apiGroup(registry, each)) };
  }
  if (root === "api") return version === undefined ? resourceList(registry, "", group ?? "") : undefined;
  if (root !== "apis" || group === undefined || !groupsOf(registry).includes(group)) return undefined;
  if (version === undefined) return { kind: "APIGroup", apiVersion: "v1", ...apiGroup(registry, group) };
  return resourceList(registry, group, version);
}

/** What is listed of a version. Bindings are no resource of their own here: their pods have them as subresource. */
function servedIn(registry: Registry, group: string, version: string): readonly ServedResource[] {
  const served = registry.all().filter((each) => each.group === group && each.version === version);
  const isCore = group === bindings.group && version === bindings.version;
  return isCore ? [{ ...bindings, singular: "binding", verbs: ["create"] }, ...served] : served;
}

function groupsOf(registry: Registry): readonly string[] {
  return [...new Set(registry.all().map(({ group }) => group))];
}

function versionsOf(registry: Registry, group: string): readonly string[] {
  const versions = new Set(registry.all().filter((each) => each.group === group).map(({ version }) => version));
  return [...versions].sort(compareVersions);
}

/** Stable versions first, then beta, then alpha; newer ones first ("version priority" of the API conventions). */
export function compareVersions(left: string, right: string): number {
  const a = rank(left);
  const b = rank(right);
  const index = a.findIndex((part, at) => part !== b[at]);
  if (index < 0) return left < right ? -1 : left > right ? 1 : 0;
  return (b[index] ?? 0) - (a[index] ?? 0);
}

function rank(version: string): readonly number[] {
  const match = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version);
  if (match === null) return [0, 0, 0];
  const [, major, stage, minor] = match;
  return [stage === undefined ? 3 : stage === "beta" ? 2 : 1, Number(major), Number(minor ?? 0)];
}

function legacyVersions(): JSONObject {
  return { kind: "APIVersions", versions: ["v1"], serverAddressByClientCIDRs: [] };
}

function apiGroup(registry: Registry, name: string): JSONObject {
  const versions = versionsOf(registry, name).map((version) => ({ groupVersion: `${name}/${version}`, version }));
  return { name, versions, ...(versions[0] === undefined ? {} : { preferredVersion: versions[0] }) };
}

function resourceList(registry: Registry, group: string, version: string): JSONObject | undefined {
  const served = servedIn(registry, group, version);
  const [first] = served;
  if (first === undefined) return undefined;
  return {
    kind: "APIResourceList",
    apiVersion: "v1",
    groupVersion: apiVersionOf(first),
    resources: served.flatMap(apiResources),
  };
}

function apiResources(resource: ServedResource): readonly JSONObject[] {
  const { plural, singular, namespaced, kind, shortNames = [], categories = [] } = resource;
  const main: JSONObject = {
    name: plural,
    singularName: singular,
    namespaced,
    kind,
    verbs: [...resource.verbs ?? verbs],
    ...(shortNames.length === 0 ? {} : { shortNames: [...shortNames] }),
    ...(categories.length === 0 ? {} : { categories: [...categories] }),
  };
  const subresources = subresourcesOf(resource).map(({ name, body, verbs }): JSONObject => {
    const isOwn = body.group === resource.group && body.version === resource.version;
    return {
      name: `${plural}/${name}`,
      singularName: "",
      namespaced,
      ...(isOwn ? {} : { group: body.group, version: body.version }),
      kind: body.kind,
      verbs: [...verbs],
    };
  });
  return [main, ...subresources];
}

/** Aggregated discovery (`apidiscovery.k8s.io/v2`, KEP-3352). */
function aggregate(registry: Registry, groups: readonly string[]): JSONObject {
  const items = groups.map((group) => ({
    metadata: { ...(group === "" ? {} : { name: group }) },
    versions: versionsOf(registry, group).map((version) => ({
      version,
      freshness: "Current",
      resources: servedIn(registry, group, version).map(aggregatedResource),
    })),
  }));
  return { kind: "APIGroupDiscoveryList", apiVersion: "apidiscovery.k8s.io/v2", metadata: {}, items };
}

function aggregatedResource(resource: ServedResource): JSONObject {
  const { group, version, plural, singular, namespaced, shortNames = [], categories = [] } = resource;
  // The real server leaves the version out where it is that of the list, but for custom resources.
  const kindOf = (body: Pick<ServedResource, "group" | "version" | "kind">): JSONObject => {
    const isOwn = resource.custom !== true && body.group === group && body.version === version;
    return isOwn
      ? { group: "", version: "", kind: body.kind }
      : { group: body.group, version: body.version, kind: body.kind };
  };
  const subresources = subresourcesOf(resource).map(({ name, body, verbs }): JSONObject => {
    return { subresource: name, responseKind: kindOf(body), verbs: [...verbs] };
  });
  return {
    resource: plural,
    responseKind: kindOf(resource),
    scope: namespaced ? "Namespaced" : "Cluster",
    singularResource: singular,
    verbs: [...resource.verbs ?? verbs],
    ...(shortNames.length === 0 ? {} : { shortNames: [...shortNames] }),
    ...(categories.length === 0 ? {} : { categories: [...categories] }),
    ...(subresources.length === 0 ? {} : { subresources }),
  };
}
