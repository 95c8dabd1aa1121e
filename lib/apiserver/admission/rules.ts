import type { JSONObject } from "../../k8s/contract.ts";
import { arrayAt, objectAt, objectsAt, stringAt, stringsAt } from "../json.ts";
import { requirementsOf } from "../label_selector.ts";
import { matchesLabels } from "../selectors.ts";
import { labelsOf } from "../store/record.ts";
import type { ServedResource } from "../resources/served_resource.ts";
import type { AdmissionAttempt } from "./admission.ts";
import { ownView, type View } from "./view.ts";

/**
 * In which group and version a webhook is shown an attempt, by its rules; undefined when none names it.
 * @param others under which other groups and versions the same objects are served
 */
export function viewFor(
  webhook: JSONObject,
  attempt: AdmissionAttempt,
  others: () => readonly View[],
): View | undefined {
  const rules = objectsAt(webhook, "rules");
  if (rules.some((rule) => matchesRule(rule, attempt, attempt.resource))) return ownView(attempt.resource);
  if (stringAt(webhook, "matchPolicy") === "Exact") return undefined;
  for (const rule of rules) {
    const view = others().find(({ resource }) => matchesRule(rule, attempt, resource));
    if (view !== undefined) return view;
  }
  return undefined;
}

function matchesRule(
  rule: JSONObject,
  { subresource, operation }: AdmissionAttempt,
  resource: ServedResource,
): boolean {
  const includes = (key: string, value: string): boolean =>
    stringsAt(rule, key).some((each) => each === "*" || each === value);
  const scope = stringAt(rule, "scope");
  // Namespaces count as cluster-scoped, although the namespace selector looks at their own labels.
  if (scope === "Namespaced" && !resource.namespaced) return false;
  if (scope === "Cluster" && resource.namespaced) return false;
  return includes("operations", operation) && includes("apiGroups", resource.group) &&
    includes("apiVersions", resource.version) &&
    stringsAt(rule, "resources").some((pattern) => matchesResource(pattern, resource.plural, subresource));
}

/** Patterns: `*` all resources, `x`, `x/y`, `x/*`, any resource with subresource y, or everything. */
function matchesResource(pattern: string, plural: string, subresource: string | undefined): boolean {
  const [main = "", sub] = pattern.split("/");
  if (pattern === "*/*") return true;
  if (main !== "*" && main !== plural) return false;
  if (sub === "*") return true;
  return sub === subresource;
}

/**
 * Does the namespace selector leave the attempt to the webhook? Namespaces are matched by their own labels; all other
 * cluster-scoped objects are never exempted.
 * @param namespaceLabels labels of the namespace in the path; undefined when there is none.
 */
export function matchesNamespace(
  webhook: JSONObject,
  attempt: AdmissionAttempt,
  namespaceLabels: (name: string) => JSONObject | undefined,
): boolean {
  const selector = objectAt(webhook, "namespaceSelector");
  if (isEmptySelector(selector)) return true;
  const { resource, object, old } = attempt;
  if (resource.group === "" && resource.plural === "namespaces") {
    return matches(selector, objectAt(object ?? old ?? {}, "metadata"));
  }
  if (!resource.namespaced) return true;
  const labels = namespaceLabels(attempt.namespace);
  return labels !== undefined && matches(selector, { labels });
}

/** Does the object selector match the new or the old object? */
export function matchesObject(webhook: JSONObject, { object, old }: AdmissionAttempt): boolean {
  const selector = objectAt(webhook, "objectSelector");
  if (isEmptySelector(selector)) return true;
  return [object, old].some((each) => each !== undefined && matches(selector, objectAt(each, "metadata")));
}

function isEmptySelector(selector: JSONObject): boolean {
  return arrayAt(selector, "matchExpressions").length === 0 &&
    Object.keys(objectAt(selector, "matchLabels")).length === 0;
}

function matches(selector: JSONObject, metadata: JSONObject): boolean {
  return matchesLabels(requirementsOf(selector), labelsOf(metadata));
}
