import { Buffer } from "node:buffer";
import type { JSONObject } from "../../k8s/contract.ts";
import { objectAt, objectsAt, setField, stringAt, stringsAt } from "../json.ts";
import { withPodCondition } from "./pod_conditions.ts";

/** Secrets: stringData goes into data, the type has a default. */
export function normalizeSecret(object: JSONObject): void {
  const plain = object["stringData"];
  if (plain !== undefined) {
    const data = objectAt(object, "data");
    for (const [key, value] of Object.entries(objectAt(object, "stringData"))) {
      setField(data, key, Buffer.from(String(value)).toString("base64"));
    }
    if (Object.keys(data).length > 0) object["data"] = data;
    delete object["stringData"];
  }
  if (stringAt(object, "type") === "") object["type"] = "Opaque";
}

/** Namespaces: their own name as a label. */
export function normalizeNamespace(object: JSONObject): void {
  const metadata = objectAt(object, "metadata");
  const name = stringAt(metadata, "name");
  if (name !== "") metadata["labels"] = { ...objectAt(metadata, "labels"), "kubernetes.io/metadata.name": name };
}

/** New namespaces: the finalizer that keeps them until they are empty, and the phase. */
export function prepareNamespace(object: JSONObject): void {
  const spec = objectAt(object, "spec");
  const finalizers = stringsAt(spec, "finalizers").filter((finalizer) => finalizer !== "kubernetes");
  object["spec"] = { ...spec, finalizers: ["kubernetes", ...finalizers] };
  object["status"] = { phase: "Active" };
}

/** New nodes: nothing runs there before they say that they are ready. */
export function prepareNode(object: JSONObject): void {
  const spec = objectAt(object, "spec");
  const taint = { key: "node.kubernetes.io/not-ready", effect: "NoSchedule" };
  const given = objectsAt(spec, "taints");
  if (given.some((each) => each["key"] === taint.key && each["effect"] === taint.effect)) return;
  spec["taints"] = [...given, taint];
}

/** New pods: a status. */
export function preparePod(object: JSONObject): void {
  const spec = objectAt(object, "spec");
  object["status"] = { phase: "Pending", qosClass: qualityOf(spec) };
  if (objectsAt(spec, "schedulingGates").length === 0) return;
  const time = stringAt(objectAt(object, "metadata"), "creationTimestamp");
  const message = "Scheduling is blocked due to non-empty scheduling gates";
  const gated = { type: "PodScheduled", status: "False", reason: "SchedulingGated", message };
  object["status"] = objectAt(withPodCondition(object, gated, time), "status");
}

/** The class by which a node would choose whom to evict. */
function qualityOf(spec: JSONObject): string {
  const resources = [...objectsAt(spec, "containers"), ...objectsAt(spec, "initContainers")].map((each) =>
    objectAt(each, "resources")
  );
  const isEmpty = (key: string): boolean => resources.every((each) => Object.keys(objectAt(each, key)).length === 0);
  if (isEmpty("limits") && isEmpty("requests")) return "BestEffort";
  const isGuaranteed = resources.every((each) => {
    const limits = objectAt(each, "limits");
    const requests = objectAt(each, "requests");
    return ["cpu", "memory"].every((key) => limits[key] !== undefined && limits[key] === requests[key]);
  });
  return isGuaranteed ? "Guaranteed" : "Burstable";
}
