import type { JSONObject } from "../../k8s/contract.ts";
import type { ServedResource } from "../resources/served_resource.ts";
import { schemaOf } from "../schema/resource_schema.ts";
import type { Cause } from "../status.ts";
import { scaleProblems } from "./custom_scale.ts";
import { enumProblems } from "./enums.ts";
import { requiredProblems } from "./required.ts";

/**
 * What is wrong with an object besides its metadata: by the rules of its kind, or by its structural schema.
 * @param old the object that it replaces; undefined on create.
 * @param found what is wrong with its metadata
 */
export function validateObject(
  object: JSONObject,
  old: JSONObject | undefined,
  resource: ServedResource,
  subresource: string | undefined,
  found: readonly Cause[],
): readonly Cause[] {
  if (resource.custom === true) {
    const scale = scaleProblems(object, resource, subresource);
    return resource.structural?.validate(object, old, found, subresource, scale) ?? scale;
  }
  if (subresource !== undefined) return [];
  const schema = schemaOf(resource);
  return [
    ...resource.validate?.(object, old) ?? [],
    ...requiredProblems(object, schema),
    ...enumProblems(object, schema),
  ];
}
