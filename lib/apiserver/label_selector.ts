import type { JSONObject } from "../k8s/contract.ts";
import { objectAt, objectsAt, stringAt, stringsAt } from "./json.ts";
import type { LabelRequirement } from "./selectors.ts";
import { notSupported } from "./status.ts";

/** The conditions of a LabelSelector (`meta.k8s.io/v1`). @throws StatusError 501 for an operator of the future */
export function requirementsOf(selector: JSONObject): readonly LabelRequirement[] {
  const labels = Object.entries(objectAt(selector, "matchLabels")).map(([key, value]): LabelRequirement => {
    return { key, operator: "in", values: new Set([String(value)]) };
  });
  return [...labels, ...objectsAt(selector, "matchExpressions").map(requirementOf)];
}

function requirementOf(expression: JSONObject): LabelRequirement {
  const key = stringAt(expression, "key");
  const values = new Set(stringsAt(expression, "values"));
  switch (stringAt(expression, "operator")) {
    case "In":
      return { key, operator: "in", values };
    case "NotIn":
      return { key, operator: "notin", values };
    case "Exists":
      return { key, operator: "exists" };
    case "DoesNotExist":
      return { key, operator: "absent" };
    default:
      throw notSupported(`the operator ${JSON.stringify(expression["operator"])} in a label selector`);
  }
}
