import { isJsonObject } from "../../k8s/errors.ts";
import type { JSONObject } from "../../k8s/contract.ts";
import { typeMessage, typeProblems } from "../apply/typed.ts";
import { objectAt, stringAt } from "../json.ts";
import type { Call } from "../request/call.ts";
import { readApplyBody } from "../request/yaml_body.ts";
import { scales } from "../resources/subresources.ts";
import { schemaOf } from "../schema/resource_schema.ts";
import { badRequest, invalidOptions, plainError } from "../status.ts";
import { checkPlace } from "./update.ts";

/** Server-side apply needs to know who applies. @throws StatusError 422 */
export function requireManager(call: Call): void {
  if ((call.query.get("fieldManager") ?? "") !== "") return;
  const message = "Required value: is required for apply patch";
  throw invalidOptions("PatchOptions", [{ reason: "FieldValueRequired", message, field: "fieldManager" }]);
}

/** The number of replicas in the configuration of a Scale; undefined when it names none. @throws StatusError */
export function readAppliedReplicas(call: Call, namespace: string | undefined, name: string): number | undefined {
  const read = readApplyBody(call);
  const body: JSONObject = isJsonObject(read) ? read : {};
  const apiVersion = stringAt(body, "apiVersion");
  const kind = stringAt(body, "kind");
  if (kind !== "Scale" || apiVersion !== "autoscaling/v1") {
    throw badRequest(`invalid object type: ${apiVersion === "" ? "/" : apiVersion}, Kind=${kind}`);
  }
  const metadata = objectAt(body, "metadata");
  if ((metadata["managedFields"] ?? null) !== null) throw badRequest("metadata.managedFields must be nil");
  const problems = typeProblems(body, schemaOf(scales));
  if (problems.length > 0) {
    const place = `${stringAt(metadata, "namespace")}/${stringAt(metadata, "name")}; autoscaling/v1, Kind=Scale`;
    throw plainError(typeMessage(problems, place));
  }
  checkPlace(metadata, namespace, name);
  const { replicas } = objectAt(body, "spec");
  return typeof replicas === "number" ? replicas : undefined;
}
