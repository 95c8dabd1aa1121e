import type { JSONObject } from "../../k8s/contract.ts";
import { arrayAt, deepEqual, objectAt, objectsAt, stringAt } from "../json.ts";
import type { Cause } from "../status.ts";
import { invalidValue, required } from "./metadata.ts";

const group = "rbac.authorization.k8s.io";

/** Roles and ClusterRoles: each rule says what may be done to what. */
export function validateRole(object: JSONObject): readonly Cause[] {
  const causes: Cause[] = [];
  const isCluster = object["kind"] === "ClusterRole";
  objectsAt(object, "rules").forEach((rule, index) => {
    const path = `rules[${index}]`;
    if (arrayAt(rule, "verbs").length === 0) {
      causes.push(required(`${path}.verbs`, "verbs must contain at least one value"));
    }
    const urls = arrayAt(rule, "nonResourceURLs");
    if (urls.length > 0) {
      if (!isCluster) {
        const problem = "namespaced rules cannot apply to non-resource URLs";
        causes.push(invalidValue(`${path}.nonResourceURLs`, [...urls], problem));
      }
      if (arrayAt(rule, "apiGroups").length + arrayAt(rule, "resources").length > 0) {
        const problem = "rules cannot apply to both regular resources and non-resource URLs";
        causes.push(invalidValue(`${path}.nonResourceURLs`, [...urls], problem));
      }
      return;
    }
    if (arrayAt(rule, "apiGroups").length === 0) {
      causes.push(required(`${path}.apiGroups`, "resource rules must supply at least one api group"));
    }
    if (arrayAt(rule, "resources").length === 0) {
      causes.push(required(`${path}.resources`, "resource rules must supply at least one resource"));
    }
  });
  return causes;
}

/** RoleBindings and ClusterRoleBindings: who gets which role; the role stays. */
export function validateBinding(object: JSONObject, old: JSONObject | undefined): readonly Cause[] {
  const causes: Cause[] = [];
  const role = objectAt(object, "roleRef");
  if (old !== undefined && !deepEqual(role, objectAt(old, "roleRef"))) {
    const { apiGroup, kind, name } = role;
    causes.push(invalidValue("roleRef", { APIGroup: apiGroup, Kind: kind, Name: name }, "cannot change roleRef"));
  }
  const isCluster = object["kind"] === "ClusterRoleBinding";
  const unsupported = (field: string, value: string, allowed: readonly string[]): void => {
    const message = `Unsupported value: ${JSON.stringify(value)}: supported values: ${
      allowed.map((each) => JSON.stringify(each)).join(", ")
    }`;
    causes.push({ reason: "FieldValueNotSupported", message, field });
  };
  if (stringAt(role, "apiGroup") !== group) unsupported("roleRef.apiGroup", stringAt(role, "apiGroup"), [group]);
  const kinds = isCluster ? ["ClusterRole"] : ["Role", "ClusterRole"];
  if (!kinds.includes(stringAt(role, "kind"))) unsupported("roleRef.kind", stringAt(role, "kind"), kinds);
  if (stringAt(role, "name") === "") causes.push(required("roleRef.name", ""));
  objectsAt(object, "subjects").forEach((subject, index) => {
    const path = `subjects[${index}]`;
    const kind = stringAt(subject, "kind");
    if (stringAt(subject, "name") === "") causes.push(required(`${path}.name`, ""));
    if (kind === "ServiceAccount") {
      if (isCluster && stringAt(subject, "namespace") === "") causes.push(required(`${path}.namespace`, ""));
      if (stringAt(subject, "apiGroup") !== "") unsupported(`${path}.apiGroup`, stringAt(subject, "apiGroup"), [""]);
    } else if (kind === "User" || kind === "Group") {
      if (stringAt(subject, "apiGroup") !== group) {
        unsupported(`${path}.apiGroup`, stringAt(subject, "apiGroup"), [group]);
      }
    } else unsupported(`${path}.kind`, kind, ["ServiceAccount", "User", "Group"]);
  });
  return causes;
}
