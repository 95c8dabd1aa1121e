import type { JSONObject } from "../../k8s/contract.ts";
import { objectAt, objectsAt, stringAt } from "../json.ts";
import type { Cause } from "../status.ts";
import { invalidValue, required } from "./metadata.ts";
import { nameProblems } from "./names.ts";
import { portProblems } from "./workloads.ts";

/** Services: ports, and an address that stays. */
export function validateService(object: JSONObject, old: JSONObject | undefined): readonly Cause[] {
  const spec = objectAt(object, "spec");
  const causes: Cause[] = [];
  const ports = objectsAt(spec, "ports");
  const type = stringAt(spec, "type");
  if (ports.length === 0 && type !== "ExternalName" && stringAt(spec, "clusterIP") !== "None") {
    causes.push(required("spec.ports", ""));
  }
  const names = new Set<string>();
  ports.forEach((port, index) => {
    const path = `spec.ports[${index}]`;
    const name = stringAt(port, "name");
    if (name === "" && ports.length > 1) causes.push(required(`${path}.name`, ""));
    else if (name !== "") {
      causes.push(...nameProblems(name, "label").map((problem) => invalidValue(`${path}.name`, name, problem)));
      if (names.has(name)) {
        const message = `Duplicate value: ${JSON.stringify(name)}`;
        causes.push({ reason: "FieldValueDuplicate", message, field: `${path}.name` });
      }
      names.add(name);
    }
    causes.push(
      ...portProblems(port["port"], `${path}.port`),
      ...portProblems(port["targetPort"], `${path}.targetPort`),
    );
  });
  if (type === "ExternalName" && stringAt(spec, "externalName") === "") {
    causes.push(required("spec.externalName", ""));
  }
  if (old !== undefined && type !== "ExternalName") {
    const before = stringAt(objectAt(old, "spec"), "clusterIP");
    const now = stringAt(spec, "clusterIP");
    if (before !== "" && now !== before) {
      causes.push(invalidValue("spec.clusterIPs[0]", now, "may not change once set"));
    }
  }
  return causes;
}
