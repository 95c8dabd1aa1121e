import type { JSONObject } from "../../k8s/contract.ts";
import { arrayAt, getField, objectAt, objectsAt, stringAt } from "../json.ts";
import { compileCondition } from "../admission/compile_condition.ts";
import { type Cause, notSupported } from "../status.ts";
import { invalidValue, required } from "./metadata.ts";

/** Webhook configurations: how each webhook is named and reached, and what it promises. */
export function validateWebhooks(object: JSONObject): readonly Cause[] {
  const causes: Cause[] = [];
  const seen = new Set<string>();
  objectsAt(object, "webhooks").forEach((webhook, index) => {
    const path = `webhooks[${index}]`;
    const name = stringAt(webhook, "name");
    if (name === "") causes.push(required(`${path}.name`, ""));
    else if (name.split(".").length < 3) {
      const problem = "should be a domain with at least three segments separated by dots";
      causes.push(invalidValue(`${path}.name`, name, problem));
    }
    if (seen.has(name)) {
      const message = `Duplicate value: ${JSON.stringify(name)}`;
      causes.push({ reason: "FieldValueDuplicate", message, field: `${path}.name` });
    }
    seen.add(name);
    causes.push(...validateWebhook(webhook, path));
  });
  return causes;
}

function validateWebhook(webhook: JSONObject, path: string): readonly Cause[] {
  const causes: Cause[] = [];
  const effects = stringAt(webhook, "sideEffects");
  if (effects === "") causes.push(required(`${path}.sideEffects`, "must specify one of None, NoneOnDryRun"));
  else if (effects !== "None" && effects !== "NoneOnDryRun") {
    const message = `Unsupported value: ${JSON.stringify(effects)}: supported values: "None", "NoneOnDryRun"`;
    causes.push({ reason: "FieldValueNotSupported", message, field: `${path}.sideEffects` });
  }
  const seconds = webhook["timeoutSeconds"];
  if (typeof seconds === "number" && (seconds < 1 || seconds > 30)) {
    const problem = "the timeout value must be between 1 and 30 seconds";
    causes.push(invalidValue(`${path}.timeoutSeconds`, seconds, problem));
  }
  const client = objectAt(webhook, "clientConfig");
  const ways = ["url", "service"].filter((key) => getField(client, key) !== undefined);
  if (ways.length !== 1) causes.push(required(`${path}.clientConfig`, "exactly one of url or service is required"));
  const versions = arrayAt(webhook, "admissionReviewVersions");
  if (versions.length === 0) {
    causes.push(required(`${path}.admissionReviewVersions`, "must specify one of v1, v1beta1"));
  } else if (!versions.includes("v1") && !versions.includes("v1beta1")) {
    const problem = "must include at least one of v1, v1beta1";
    causes.push(invalidValue(`${path}.admissionReviewVersions`, [...versions], problem));
  } else if (!versions.includes("v1")) {
    throw notSupported("webhooks that know AdmissionReviews of v1beta1 only");
  }
  return [...causes, ...validateConditions(webhook, path)];
}

/** @throws StatusError 501 */
function validateConditions(webhook: JSONObject, path: string): readonly Cause[] {
  const seen = new Set<string>();
  return objectsAt(webhook, "matchConditions").flatMap((condition, index): Cause[] => {
    const at = `${path}.matchConditions[${index}]`;
    const name = stringAt(condition, "name");
    const expression = stringAt(condition, "expression");
    const causes: Cause[] = [];
    if (expression.trim() === "") causes.push(required(`${at}.expression`, ""));
    else if (/\bauthorizer\b/.test(expression)) throw notSupported("the authorizer in matchConditions of webhooks");
    else causes.push(...compileProblems(expression, `${at}.expression`));
    if (name === "") causes.push(required(`${at}.name`, ""));
    if (seen.has(name)) {
      const message = `Duplicate value: ${JSON.stringify(name)}`;
      causes.push({ reason: "FieldValueDuplicate", message, field: `${at}.name` });
    }
    seen.add(name);
    return causes;
  });
}

function compileProblems(expression: string, field: string): Cause[] {
  try {
    compileCondition(expression);
    return [];
  } catch (error) {
    const why = error instanceof Error ? error.message.split("\n", 1).join() : String(error);
    return [invalidValue(field, expression, `compilation failed: ${why}`)];
  }
}
