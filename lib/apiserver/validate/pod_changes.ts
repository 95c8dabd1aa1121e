import type { JSONObject, JSONValue } from "../../k8s/contract.ts";
import { arrayAt, deepEqual, objectAt, objectsAt } from "../json.ts";
import type { Cause } from "../status.ts";

const explanation = "Forbidden: pod updates may not change fields other than `spec.containers[*].image`," +
  "`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing " +
  "tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";

/** What may not change in a pod. The real server adds how the two specs differ, in Go's words. */
export function validatePodChange(pod: JSONObject, old: JSONObject): readonly Cause[] {
  const spec = objectAt(pod, "spec");
  const before = objectAt(old, "spec");
  for (const list of ["containers", "initContainers"]) {
    if (arrayAt(spec, list).length === arrayAt(before, list).length) continue;
    const message = "Forbidden: pod updates may not add or remove containers";
    return [{ reason: "FieldValueForbidden", message, field: `spec.${list}` }];
  }
  if (deepEqual(fixed(spec, before), fixed(before, before))) return [];
  return [{ reason: "FieldValueForbidden", message: explanation, field: "spec" }];
}

/** The spec without what may change. */
function fixed(spec: JSONObject, old: JSONObject): JSONObject {
  const { activeDeadlineSeconds: _, ...rest } = spec;
  for (const list of ["containers", "initContainers"]) {
    if (rest[list] !== undefined) rest[list] = objectsAt(spec, list).map(({ image: _, ...container }) => container);
  }
  const known = arrayAt(old, "tolerations");
  const given = arrayAt(spec, "tolerations");
  if (includesAll(given, known)) rest["tolerations"] = [...known];
  // A gate may be taken away, and while there is one the scheduler's choice may still be narrowed.
  const gates = arrayAt(old, "schedulingGates");
  if (gates.length === 0) return rest;
  for (const field of ["nodeSelector", "affinity"]) delete rest[field];
  if (includesAll(gates, arrayAt(spec, "schedulingGates"))) delete rest["schedulingGates"];
  return rest;
}

function includesAll(all: readonly JSONValue[], some: readonly JSONValue[]): boolean {
  return some.every((each) => all.some((other) => deepEqual(each, other)));
}
