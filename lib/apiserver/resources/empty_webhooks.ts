import type { JSONObject, JSONValue } from "../../k8s/contract.ts";

/**
 * An empty list of webhooks is stored as none. Yet it is another value in Go, so that it counts up the generation: the
 * configurations of webhooks are compared before they are encoded.
 */
export function isEmptyWebhooks(webhooks: JSONValue): boolean {
  return Array.isArray(webhooks) && webhooks.length === 0;
}

/** Takes an empty list of webhooks out of an object. */
export function dropEmptyWebhooks(object: JSONObject): void {
  if (isEmptyWebhooks(object["webhooks"])) delete object["webhooks"];
}
