import { Buffer } from "node:buffer";
import type { JSONObject } from "../../k8s/contract.ts";
import { objectAt, objectsAt, setField, stringAt, stringsAt } from "../json.ts";

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

/** How long a pod stays on a node that is gone: the default of the real server's admission. */
const tolerations = ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"];

/** New pods: what admission adds, and a status. */
export function preparePod(object: JSONObject): void {
  const spec = objectAt(object, "spec");
  const given = objectsAt(spec, "tolerations");
  const added = tolerations.filter((key) =>
    !given.some((each) => each["key"] === key && each["effect"] === "NoExecute")
  )
    .map((key) => ({ key, operator: "Exists", effect: "NoExecute", tolerationSeconds: 300 }));
  spec["tolerations"] = [...given, ...added];
  spec["priority"] ??= 0;
  spec["preemptionPolicy"] ??= "PreemptLowerPriority";
  object["status"] = { phase: "Pending", qosClass: qualityOf(spec) };
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
