import type { JSONObject } from "../../k8s/contract.ts";
import type { ServedResource } from "../resources/served_resource.ts";

/** Who wrote, and when. */
export interface Writer {
  readonly manager: string;
  /** RFC 3339. */
  readonly time: string;
  readonly subresource?: string;
}

/** Notes in managedFields who wrote what. */
export function trackUpdate(
  _old: JSONObject | undefined,
  _object: JSONObject,
  _resource: ServedResource,
  _writer: Writer,
): void {
}
