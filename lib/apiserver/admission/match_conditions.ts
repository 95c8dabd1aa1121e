import type { JSONObject, JSONValue } from "../../k8s/contract.ts";
import { isJsonObject } from "../../k8s/errors.ts";
import { objectAt, objectsAt, stringAt } from "../json.ts";
import { forbidden } from "../status.ts";
import type { AdmissionAttempt } from "./admission.ts";
import { compileCondition } from "./compile_condition.ts";
import { reviewOf } from "./review.ts";
import type { View } from "./view.ts";

/**
 * Do all of the webhook's `matchConditions` hold? One that is false decides, whatever others come to.
 * @throws StatusError 403 when one cannot be evaluated, unless the failure policy ignores that
 */
export function matchesConditions(webhook: JSONObject, view: View, attempt: AdmissionAttempt): boolean {
  const conditions = objectsAt(webhook, "matchConditions");
  if (conditions.length === 0) return true;
  const { object, oldObject, uid: _, ...request } = objectAt(reviewOf(attempt, view, ""), "request");
  const variables = { object: toCel(object), oldObject: toCel(oldObject), request: toCel(request) };
  const problems: string[] = [];
  for (const condition of conditions) {
    const expression = stringAt(condition, "expression");
    try {
      const holds: unknown = compileCondition(expression)(variables);
      if (holds !== true) return false;
    } catch (error) {
      const why = error instanceof Error ? error.message.split("\n", 1).join() : String(error);
      problems.push(`expression '${expression}' resulted in error: ${why}`);
    }
  }
  if (problems.length === 0) return true;
  if (stringAt(webhook, "failurePolicy") === "Ignore") return false;
  throw forbidden(attempt.resource, attempt.name, problems.length === 1 ? problems.join() : `[${problems.join(", ")}]`);
}

/** Whatever CEL works with: whole numbers are bigints. */
type CelValue = null | boolean | string | number | bigint | CelValue[] | { [key: string]: CelValue };

function toCel(value: JSONValue): CelValue {
  if (value === undefined || value === null) return null;
  if (Array.isArray(value)) return value.map(toCel);
  if (isJsonObject(value)) return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, toCel(each)]));
  return typeof value === "number" && Number.isInteger(value) ? BigInt(value) : value;
}
