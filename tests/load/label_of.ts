import type { JSONValue } from "../../lib/k8s/contract.ts";
import { isJsonObject } from "../../lib/k8s/errors.ts";

/** A label of an object as an API server answers it; undefined where it has none of that name. */
export function labelOf(object: JSONValue, label: string): JSONValue {
  const metadata = isJsonObject(object) ? object["metadata"] : undefined;
  const labels = isJsonObject(metadata) ? metadata["labels"] : undefined;
  return isJsonObject(labels) ? labels[label] : undefined;
}
