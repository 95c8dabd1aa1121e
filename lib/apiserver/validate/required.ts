import type { JSONObject, JSONValue } from "../../k8s/contract.ts";
import { isJsonObject } from "../../k8s/errors.ts";
import { arrayAt, getField, stringAt } from "../json.ts";
import type { TypeSchema } from "../schema/type_schema.ts";
import type { Cause } from "../status.ts";
import { invalidValue, required } from "./metadata.ts";
import { qualifiedNameProblems } from "./names.ts";

const meta = "io.k8s.apimachinery.pkg.apis.meta.v1";
const core = "io.k8s.api.core.v1";
const apps = "io.k8s.api.apps.v1";

/** Fields that must not be empty. OpenAPI's own `required` says only what Go always writes. */
const needed: Readonly<Record<string, readonly string[]>> = {
  [`${core}.EnvVar`]: ["name"],
  [`${core}.KeyToPath`]: ["key", "path"],
  [`${core}.VolumeMount`]: ["mountPath"],
  [`${core}.ConfigMapVolumeSource`]: ["name"],
  [`${core}.SecretVolumeSource`]: ["secretName"],
  [`${core}.ConfigMapKeySelector`]: ["key"],
  [`${core}.SecretKeySelector`]: ["key"],
  "io.k8s.api.admissionregistration.v1.RuleWithOperations": ["operations", "apiGroups", "apiVersions", "resources"],
};

/** Numbers that must not be negative. */
const counts: Readonly<Record<string, readonly string[]>> = {
  [`${apps}.DeploymentSpec`]: ["minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds"],
  [`${apps}.ReplicaSetSpec`]: ["minReadySeconds"],
  [`${apps}.StatefulSetSpec`]: ["minReadySeconds", "revisionHistoryLimit"],
};

/** What is missing or negative in an object of one of the server's own kinds, wherever a struct of the tables occurs. */
export function requiredProblems(value: JSONValue, schema: TypeSchema, path = ""): readonly Cause[] {
  if (Array.isArray(value)) {
    if (schema.type !== "list" || schema.items.type !== "struct") return [];
    return value.flatMap((item, index) => requiredProblems(item, schema.items, `${path}[${index}]`));
  }
  if (schema.type !== "struct" || !isJsonObject(value)) return [];
  const join = (key: string): string => path === "" ? key : `${path}.${key}`;
  const causes: Cause[] = [];
  for (const key of needed[schema.name] ?? []) if (isEmpty(value, key)) causes.push(required(join(key), ""));
  for (const key of counts[schema.name] ?? []) {
    const count = value[key];
    if (typeof count !== "number" || count >= 0) continue;
    causes.push(invalidValue(join(key), count, "must be greater than or equal to 0"));
  }
  if (schema.name === `${meta}.LabelSelectorRequirement`) causes.push(...expressionProblems(value, path));
  for (const key of Object.keys(value)) {
    if (path === "" && (key === "metadata" || key === "status")) continue;
    const field = schema.fields.get(key);
    if (field === undefined || field.schema.type === "scalar") continue;
    causes.push(...requiredProblems(getField(value, key), field.schema, join(key)));
  }
  return causes;
}

/** What is wrong with an expression of a label selector. */
function expressionProblems(expression: JSONObject, path: string): readonly Cause[] {
  const key = stringAt(expression, "key");
  const operator = stringAt(expression, "operator");
  const count = arrayAt(expression, "values").length;
  const causes: Cause[] = [];
  if (operator === "In" || operator === "NotIn") {
    if (count === 0) {
      causes.push(required(`${path}.values`, "must be specified when `operator` is 'In' or 'NotIn'"));
    }
  } else if (operator === "Exists" || operator === "DoesNotExist") {
    if (count > 0) {
      const message = "Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
      causes.push({ reason: "FieldValueForbidden", message, field: `${path}.values` });
    }
  } else causes.push(invalidValue(`${path}.operator`, operator, "not a valid selector operator"));
  return [...causes, ...qualifiedNameProblems(key).map((problem) => invalidValue(`${path}.key`, key, problem))];
}

function isEmpty(object: JSONObject, key: string): boolean {
  const value = getField(object, key) ?? "";
  return value === "" || (Array.isArray(value) && value.length === 0);
}
