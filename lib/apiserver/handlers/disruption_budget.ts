import type { JSONObject } from "../../k8s/contract.ts";
import { type Context, timestamp } from "../context.ts";
import { getField, objectAt, objectsAt, parseStored, stringAt } from "../json.ts";
import { requirementsOf } from "../label_selector.ts";
import { podDisruptionBudgets } from "../resources/policy_kinds.ts";
import { storageKey } from "../resources/served_resource.ts";
import { matchesLabels } from "../selectors.ts";
import { plainError, StatusError } from "../status.ts";
import { rangeOf } from "../store/collection.ts";
import { labelsOf, type StoredObject } from "../store/record.ts";

/**
 * Lets a pod be evicted, if the budget that it belongs to has a disruption left, and takes that away. How many it has
 * is in its status, which a controller sets; without one no pod that runs may go.
 * @throws StatusError 429
 */
export function spendDisruption(context: Context, pod: JSONObject, dryRun: boolean): void {
  if (isExempt(pod)) return;
  const [record, ...others] = budgetsOf(context, pod);
  if (record === undefined) return;
  if (others.length > 0) {
    throw plainError(
      "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.",
    );
  }
  const budget = parseStored(record.json);
  if (!isReady(pod) && mayGoUnready(budget)) return;
  const spent = spend(budget, stringAt(objectAt(pod, "metadata"), "name"), timestamp(context.clock));
  if (!dryRun) context.store.put(context.store.collection(storageKey(podDisruptionBudgets)), spent, record);
}

/** Of these pods nothing runs, or they go anyway. */
function isExempt(pod: JSONObject): boolean {
  const phase = stringAt(objectAt(pod, "status"), "phase");
  return ["Succeeded", "Failed", "Pending"].includes(phase) ||
    objectAt(pod, "metadata")["deletionTimestamp"] !== undefined;
}

function budgetsOf(context: Context, pod: JSONObject): readonly StoredObject[] {
  const metadata = objectAt(pod, "metadata");
  const collection = context.store.collection(storageKey(podDisruptionBudgets));
  return [...collection.range(rangeOf(stringAt(metadata, "namespace")))].filter(({ json }) => {
    const spec = objectAt(parseStored(json), "spec");
    // An empty selector is all pods, and none at all is no pod.
    return (getField(spec, "selector") ?? null) !== null &&
      matchesLabels(requirementsOf(objectAt(spec, "selector")), labelsOf(metadata));
  });
}

function isReady(pod: JSONObject): boolean {
  return objectsAt(objectAt(pod, "status"), "conditions")
    .some(({ type, status }) => type === "Ready" && status === "True");
}

/** May a pod that is not ready go without being counted? */
function mayGoUnready(budget: JSONObject): boolean {
  const { currentHealthy, desiredHealthy } = counts(budget);
  return objectAt(budget, "spec")["unhealthyPodEvictionPolicy"] === "AlwaysAllow" ||
    (currentHealthy >= desiredHealthy && desiredHealthy > 0);
}

/** The budget with a disruption less. @throws StatusError 429 */
function spend(budget: JSONObject, pod: string, time: string): JSONObject {
  const { name, generation } = objectAt(budget, "metadata");
  const { observedGeneration, disruptionsAllowed, currentHealthy, desiredHealthy } = counts(budget);
  if (typeof generation === "number" && observedGeneration < generation) {
    throw refused(`The disruption budget ${name} is still being processed by the server.`, 10);
  }
  if (disruptionsAllowed <= 0) {
    throw refused(
      `The disruption budget ${name} needs ${desiredHealthy} healthy pods and has ${currentHealthy} currently`,
    );
  }
  const status = objectAt(budget, "status");
  const left = disruptionsAllowed - 1;
  const disruptedPods = { ...objectAt(status, "disruptedPods"), [pod]: time };
  return { ...budget, status: { ...status, disruptionsAllowed: left, disruptedPods } };
}

function counts(budget: JSONObject): Record<
  "observedGeneration" | "disruptionsAllowed" | "currentHealthy" | "desiredHealthy",
  number
> {
  const status = objectAt(budget, "status");
  const at = (key: string): number => {
    const value = status[key];
    return typeof value === "number" ? value : 0;
  };
  return {
    observedGeneration: at("observedGeneration"),
    disruptionsAllowed: at("disruptionsAllowed"),
    currentHealthy: at("currentHealthy"),
    desiredHealthy: at("desiredHealthy"),
  };
}

function refused(message: string, retryAfterSeconds?: number): StatusError {
  return new StatusError(
    429,
    "TooManyRequests",
    "Cannot evict pod as it would violate the pod's disruption budget.",
    {
      causes: [{ reason: "DisruptionBudget", message }],
      ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
    },
  );
}
