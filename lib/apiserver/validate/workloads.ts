import type { JSONObject } from "../../k8s/contract.ts";
import { arrayAt, deepEqual, getField, objectAt, objectsAt, stringAt } from "../json.ts";
import type { Cause } from "../status.ts";
import { invalidValue, required } from "./metadata.ts";
import { nameProblems } from "./names.ts";
import { validatePodChange } from "./pod_changes.ts";

/** A field that may not change. */
export function immutable(object: JSONObject, old: JSONObject, key: string, field: string): readonly Cause[] {
  if (deepEqual(object[key], old[key])) return [];
  return [invalidValue(field, object[key] ?? null, "field is immutable")];
}

/** Pods: containers with names and images, and little that may change. */
export function validatePod(object: JSONObject, old: JSONObject | undefined): readonly Cause[] {
  return old === undefined ? validatePodSpec(objectAt(object, "spec"), "spec") : validatePodChange(object, old);
}

/** Deployments, ReplicaSets and StatefulSets: a selector that matches the template, and does not change. */
export function validateWorkload(object: JSONObject, old: JSONObject | undefined): readonly Cause[] {
  const spec = objectAt(object, "spec");
  const causes: Cause[] = [];
  const { replicas } = spec;
  if (typeof replicas === "number" && replicas < 0) {
    causes.push(invalidValue("spec.replicas", replicas, "must be greater than or equal to 0"));
  }
  causes.push(...validateSelector(spec));
  const template = objectAt(spec, "template");
  const pod = objectAt(template, "spec");
  causes.push(...validatePodSpec(pod, "spec.template.spec"));
  const policy = stringAt(pod, "restartPolicy");
  if (policy !== "" && policy !== "Always") {
    const message = `Unsupported value: ${JSON.stringify(policy)}: supported values: "Always"`;
    causes.push({ reason: "FieldValueNotSupported", message, field: "spec.template.spec.restartPolicy" });
  }
  if (old !== undefined) {
    const before = objectAt(old, "spec");
    causes.push(...immutable(spec, before, "selector", "spec.selector"));
    if (object["kind"] === "StatefulSet") causes.push(...validateStatefulSetChange(spec, before));
  }
  return causes;
}

function validateSelector(spec: JSONObject): readonly Cause[] {
  const causes: Cause[] = [];
  const selector = getField(spec, "selector");
  const wanted = objectAt(spec, "selector");
  if (selector === undefined || selector === null) causes.push(required("spec.selector", ""));
  else if (Object.keys(wanted).length === 0) {
    causes.push(invalidValue("spec.selector", {}, "empty selector is invalid for deployment"));
  }
  const metadata = objectAt(objectAt(spec, "template"), "metadata");
  const labels = objectAt(metadata, "labels");
  const matches = Object.entries(objectAt(wanted, "matchLabels")).every(([key, value]) => labels[key] === value) &&
    objectsAt(wanted, "matchExpressions").every((expression) => matchesExpression(expression, labels));
  if (selector === undefined || !matches) {
    const shown = getField(metadata, "labels") ?? null;
    const problem = "`selector` does not match template `labels`";
    causes.push(invalidValue("spec.template.metadata.labels", shown, problem));
  }
  return causes;
}

function matchesExpression(expression: JSONObject, labels: JSONObject): boolean {
  const value = getField(labels, stringAt(expression, "key"));
  const values = arrayAt(expression, "values");
  switch (stringAt(expression, "operator")) {
    case "In":
      return value !== undefined && values.includes(value);
    case "NotIn":
      return value === undefined || !values.includes(value);
    case "Exists":
      return value !== undefined;
    default:
      return value === undefined;
  }
}

const changeable = [
  "replicas",
  "ordinals",
  "template",
  "updateStrategy",
  "revisionHistoryLimit",
  "persistentVolumeClaimRetentionPolicy",
  "minReadySeconds",
  "selector",
];

function validateStatefulSetChange(spec: JSONObject, before: JSONObject): readonly Cause[] {
  const keys = new Set([...Object.keys(spec), ...Object.keys(before)]);
  if ([...keys].every((key) => changeable.includes(key) || deepEqual(spec[key], before[key]))) return [];
  const message = "Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', " +
    "'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden";
  return [{ reason: "FieldValueForbidden", message, field: "spec" }];
}

function validatePodSpec(spec: JSONObject, path: string): readonly Cause[] {
  const causes: Cause[] = [];
  const containers = objectsAt(spec, "containers");
  if (containers.length === 0) causes.push(required(`${path}.containers`, ""));
  const seen = new Set<string>();
  for (const list of ["containers", "initContainers"]) {
    objectsAt(spec, list).forEach((container, index) => {
      const at = `${path}.${list}[${index}]`;
      causes.push(...validateContainer(container, at));
      const name = stringAt(container, "name");
      if (seen.has(name)) {
        const message = `Duplicate value: ${JSON.stringify(name)}`;
        causes.push({ reason: "FieldValueDuplicate", message, field: `${at}.name` });
      }
      seen.add(name);
    });
  }
  const volumes = new Set(objectsAt(spec, "volumes").map((volume) => stringAt(volume, "name")));
  containers.forEach((container, index) => {
    objectsAt(container, "volumeMounts").forEach((mount, at) => {
      const name = stringAt(mount, "name");
      if (volumes.has(name)) return;
      const field = `${path}.containers[${index}].volumeMounts[${at}].name`;
      causes.push({ reason: "FieldValueNotFound", message: `Not found: ${JSON.stringify(name)}`, field });
    });
  });
  return causes;
}

function validateContainer(container: JSONObject, path: string): readonly Cause[] {
  const causes: Cause[] = [];
  const name = stringAt(container, "name");
  if (name === "") causes.push(required(`${path}.name`, ""));
  else causes.push(...nameProblems(name, "label").map((problem) => invalidValue(`${path}.name`, name, problem)));
  if (stringAt(container, "image") === "") causes.push(required(`${path}.image`, ""));
  objectsAt(container, "ports").forEach((port, index) => {
    const number = port["containerPort"];
    if (number === 0) causes.push(required(`${path}.ports[${index}].containerPort`, ""));
    else causes.push(...portProblems(number, `${path}.ports[${index}].containerPort`));
  });
  return causes;
}

/** A number that is no port. */
export function portProblems(port: unknown, field: string): readonly Cause[] {
  if (typeof port !== "number" || (port >= 1 && port <= 65_535)) return [];
  return [invalidValue(field, port, "must be between 1 and 65535, inclusive")];
}
