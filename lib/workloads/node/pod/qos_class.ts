import type { Container, PodSpec } from "../../kinds/mod.ts";

/** How a pod counts when resources are short (Kubernetes documentation, "Pod Quality of Service Classes"). */
export type QosClass = "Guaranteed" | "Burstable" | "BestEffort";

const counted = ["cpu", "memory"] as const;

/** The class that follows from the requests and limits of all containers. */
export function qosClass(spec: PodSpec): QosClass {
  const containers = [...spec.containers, ...spec.initContainers ?? []];
  if (containers.every((each) => !hasAny(each))) return "BestEffort";
  return containers.every(isGuaranteed) ? "Guaranteed" : "Burstable";
}

function hasAny({ resources }: Container): boolean {
  return counted.some((name) => isSet(resources?.requests?.[name]) || isSet(resources?.limits?.[name]));
}

function isGuaranteed({ resources }: Container): boolean {
  return counted.every((name) => {
    const limit = resources?.limits?.[name];
    // The API server copies a limit into a request that is missing.
    return isSet(limit) && (resources?.requests?.[name] ?? limit) === limit;
  });
}

function isSet(quantity: string | undefined): boolean {
  return quantity !== undefined && !/^0+(\.0*)?[A-Za-z]*$/.test(quantity);
}
