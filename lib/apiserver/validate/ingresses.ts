import type { JSONObject } from "../../k8s/contract.ts";
import { getField, objectAt, objectsAt, stringAt } from "../json.ts";
import type { Cause } from "../status.ts";
import { invalidValue, required } from "./metadata.ts";

/** Ingresses: something to route to, and how paths match. */
export function validateIngress(object: JSONObject): readonly Cause[] {
  const spec = objectAt(object, "spec");
  const causes: Cause[] = [];
  const rules = objectsAt(spec, "rules");
  const backend = getField(spec, "defaultBackend");
  if (rules.length === 0 && backend === undefined) {
    causes.push(invalidValue("spec", null, "either `defaultBackend` or `rules` must be specified"));
  }
  if (backend !== undefined) causes.push(...backendProblems(objectAt(spec, "defaultBackend"), "spec.defaultBackend"));
  rules.forEach((rule, index) => {
    objectsAt(objectAt(rule, "http"), "paths").forEach((path, at) => {
      const field = `spec.rules[${index}].http.paths[${at}]`;
      if (getField(path, "pathType") === undefined) {
        return void causes.push(required(`${field}.pathType`, "pathType must be specified"));
      }
      if (stringAt(path, "pathType") !== "ImplementationSpecific" && !stringAt(path, "path").startsWith("/")) {
        causes.push(invalidValue(`${field}.path`, stringAt(path, "path"), "must be an absolute path"));
      }
      causes.push(...backendProblems(objectAt(path, "backend"), `${field}.backend`));
    });
  });
  return causes;
}

function backendProblems(backend: JSONObject, path: string): readonly Cause[] {
  if (getField(backend, "resource") !== undefined) return [];
  const service = objectAt(backend, "service");
  if (stringAt(service, "name") === "") return [required(`${path}.service.name`, "")];
  const port = objectAt(service, "port");
  if (stringAt(port, "name") !== "" || typeof port["number"] === "number") return [];
  return [required(path, "port name or number is required")];
}
