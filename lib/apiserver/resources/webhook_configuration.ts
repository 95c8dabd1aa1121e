import type { JSONObject } from "../../k8s/contract.ts";
import { objectAt, objectsAt } from "../json.ts";
import { dropEmpty } from "./normalize.ts";

/** MutatingWebhookConfigurations: the server's defaults of `admissionregistration.k8s.io/v1`. */
export function normalizeWebhookConfiguration(object: JSONObject): void {
  dropEmpty(object, "webhooks");
  for (const webhook of objectsAt(object, "webhooks")) {
    setDefault(webhook, "failurePolicy", "Fail");
    setDefault(webhook, "matchPolicy", "Equivalent");
    setDefault(webhook, "namespaceSelector", {});
    setDefault(webhook, "objectSelector", {});
    setDefault(webhook, "reinvocationPolicy", "Never");
    setDefault(webhook, "timeoutSeconds", 10);
    for (const rule of objectsAt(webhook, "rules")) setDefault(rule, "scope", "*");
    const service = objectAt(webhook, "clientConfig")["service"];
    if (typeof service === "object" && service !== null && !Array.isArray(service)) setDefault(service, "port", 443);
  }
}

function setDefault(object: JSONObject, key: string, value: string | number | JSONObject): void {
  if (object[key] === undefined || object[key] === null) object[key] = value;
}
