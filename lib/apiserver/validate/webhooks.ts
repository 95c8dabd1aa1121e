import type { JSONObject } from "../../k8s/contract.ts";
import { arrayAt, getField, objectAt, objectsAt, stringAt } from "../json.ts";
import type { Cause } from "../status.ts";
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
  }
  return causes;
}
