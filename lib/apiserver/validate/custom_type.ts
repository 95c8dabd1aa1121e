import type { JSONObject } from "../../k8s/contract.ts";
import { stringAt } from "../json.ts";
import { apiVersionOf } from "../resources/registry.ts";
import type { ServedResource } from "../resources/served_resource.ts";
import { type Cause, internalError, type Named } from "../status.ts";
import { invalidValue } from "./metadata.ts";

/** Checks that a custom resource, which may be of any type until it is validated, names a version. @throws StatusError 500 */
export function requireVersion(object: JSONObject, { custom }: ServedResource): void {
  if (custom !== true || stringAt(object, "apiVersion") !== "") return;
  throw internalError("Object 'apiVersion' is missing in 'object has no apiVersion field'");
}

/** What is wrong with the kind and version of a custom resource. Of the rest only lists and rules are looked at then. */
export function customTypeProblems(object: JSONObject, resource: ServedResource): readonly Cause[] {
  if (resource.custom !== true) return [];
  const [kind, apiVersion, own] = [stringAt(object, "kind"), stringAt(object, "apiVersion"), apiVersionOf(resource)];
  return [
    ...(kind === resource.kind ? [] : [invalidValue("kind", kind, `must be ${resource.kind}`)]),
    ...(apiVersion === own ? [] : [invalidValue("apiVersion", apiVersion, `must be ${own}`)]),
  ];
}

/** What is wrong with a custom resource of a wrong kind or version; nothing when both are right. */
export function foreignProblems(
  object: JSONObject,
  old: JSONObject | undefined,
  resource: ServedResource,
): readonly Cause[] {
  const problems = customTypeProblems(object, resource);
  return problems.length === 0 ? [] : [...problems, ...resource.structural?.validateForeign(object, old) ?? []];
}

/** What refusals call an object: a custom resource is what it says that it is. */
export function typeNamed(object: JSONObject, resource: ServedResource): Named {
  if (resource.custom !== true) return resource;
  const [group, version] = stringAt(object, "apiVersion").split("/");
  return { plural: resource.plural, group: version === undefined ? "" : group ?? "", kind: stringAt(object, "kind") };
}

/** A custom resource as webhooks are to see it: of its own kind, whatever it says. @throws StatusError 500 */
export function convertedForWebhooks(object: JSONObject, resource: ServedResource): JSONObject {
  const [own, apiVersion, kind] = [apiVersionOf(resource), stringAt(object, "apiVersion"), stringAt(object, "kind")];
  if (resource.custom !== true || apiVersion === own && kind === resource.kind) return object;
  if (apiVersion === own) return { ...object, kind: resource.kind };
  const given = apiVersion.includes("/") ? apiVersion : `/${apiVersion}`;
  // The real server wraps it twice.
  const why = given.startsWith(`${resource.group}/`)
    ? `request to convert CR from an invalid group/version: ${apiVersion}`
    : `${given}, Kind=${kind} is unstructured and is not suitable for converting to "${own}"`;
  throw internalError(`Internal error occurred: ${why}`);
}
