import type { JSONObject } from "../../k8s/contract.ts";
import { objectsAt, stringsAt } from "../json.ts";
import type { Attributes } from "./attributes.ts";

/** A rule of a role (`PolicyRule` of `rbac.authorization.k8s.io/v1`). */
export interface PolicyRule {
  readonly verbs: readonly string[];
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  /** Empty: objects of any name. */
  readonly resourceNames: readonly string[];
  readonly nonResourceURLs: readonly string[];
}

/** The rules of a role or ClusterRole. */
export function rulesOf(role: JSONObject): readonly PolicyRule[] {
  return objectsAt(role, "rules").map((rule) => ({
    verbs: stringsAt(rule, "verbs"),
    apiGroups: stringsAt(rule, "apiGroups"),
    resources: stringsAt(rule, "resources"),
    resourceNames: stringsAt(rule, "resourceNames"),
    nonResourceURLs: stringsAt(rule, "nonResourceURLs"),
  }));
}

/** Does the rule allow it? */
export function allows(rule: PolicyRule, attributes: Attributes): boolean {
  if (!has(rule.verbs, attributes.verb)) return false;
  if (attributes.type === "path") return rule.nonResourceURLs.some((url) => matchesUrl(url, attributes.path));
  const { group, resource, subresource, name } = attributes;
  return has(rule.apiGroups, group) &&
    rule.resources.some((pattern) => matchesResource(pattern, resource, subresource)) &&
    (rule.resourceNames.length === 0 || rule.resourceNames.includes(name));
}

function has(values: readonly string[], value: string): boolean {
  return values.includes("*") || values.includes(value);
}

/** Patterns: everything, `pods`, `pods/log`, or the subresource of any resource as in `*` + `/scale`. */
function matchesResource(pattern: string, resource: string, subresource: string): boolean {
  if (pattern === "*") return true;
  if (subresource === "") return pattern === resource;
  return pattern === `${resource}/${subresource}` || pattern === `*/${subresource}`;
}

/** A star at the end stands for anything. */
function matchesUrl(pattern: string, path: string): boolean {
  return pattern === path || (pattern.endsWith("*") && path.startsWith(pattern.replace(/\*+$/, "")));
}

/** Does one rule give everything that the other one, of a single right ({@link singleRights}), gives? */
export function covers(rule: PolicyRule, right: PolicyRule): boolean {
  return hasAll(rule.verbs, right.verbs) && hasAll(rule.apiGroups, right.apiGroups) &&
    right.resources.every((resource) => coversResource(rule.resources, resource)) &&
    right.nonResourceURLs.every((url) => rule.nonResourceURLs.some((pattern) => matchesUrl(pattern, url))) &&
    (rule.resourceNames.length === 0 ||
      (right.resourceNames.length > 0 && right.resourceNames.every((name) => rule.resourceNames.includes(name))));
}

function hasAll(values: readonly string[], wanted: readonly string[]): boolean {
  return wanted.every((value) => has(values, value));
}

function coversResource(patterns: readonly string[], resource: string): boolean {
  if (has(patterns, resource)) return true;
  const [, subresource] = resource.split("/");
  return subresource !== undefined && patterns.includes(`*/${subresource}`);
}

/** The rule taken apart into rules of one verb, for one resource and name, or one path. */
export function singleRights(rule: PolicyRule): readonly PolicyRule[] {
  const { verbs, apiGroups, resources, resourceNames, nonResourceURLs } = rule;
  const none: PolicyRule = { verbs: [], apiGroups: [], resources: [], resourceNames: [], nonResourceURLs: [] };
  const names = resourceNames.length === 0 ? [[]] : resourceNames.map((name) => [name]);
  const ofResources = apiGroups.flatMap((group) =>
    resources.flatMap((resource) =>
      verbs.flatMap((verb) =>
        names.map((name) => ({
          ...none,
          verbs: [verb],
          apiGroups: [group],
          resources: [resource],
          resourceNames: name,
        }))
      )
    )
  );
  const ofPaths = nonResourceURLs.flatMap((url) =>
    verbs.map((verb) => ({ ...none, verbs: [verb], nonResourceURLs: [url] }))
  );
  return [...ofResources, ...ofPaths];
}
