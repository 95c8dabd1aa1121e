import type { Labels } from "../../k8s/selectors.ts";
import type { Pod, Service, ServicePort } from "../kinds/core.ts";
import type { Endpoint, EndpointPort } from "../kinds/discovery.ts";
import { canonicalJson } from "../objects/canonical_json.ts";
import { hasEnded, isReady } from "../objects/pod_state.ts";

/** The service that a slice belongs to. */
export const serviceLabel = "kubernetes.io/service-name";
/** Who keeps a slice; slices of others are left alone. */
export const managerLabel = "endpointslice.kubernetes.io/managed-by";
/** The name that kube-controller-manager uses there, whose place this takes. */
export const manager = "endpointslice-controller.k8s.io";
const headlessLabel = "service.kubernetes.io/headless";

/** Endpoints that listen at the same ports. */
export interface Slice {
  readonly ports: readonly EndpointPort[];
  readonly endpoints: readonly Endpoint[];
}

const mostEndpoints = 100;

/** Does the service get slices at all? One without a selector has its endpoints from somebody else. */
export function hasSlices({ spec }: Service): boolean {
  return spec.type !== "ExternalName" && Object.keys(spec.selector ?? {}).length > 0;
}

/** Does the service select pods with these labels? */
export function selects(service: Service, labels: Labels): boolean {
  return hasSlices(service) &&
    Object.entries(service.spec.selector ?? {}).every(([key, value]) => labels?.[key] === value);
}

/**
 * The slices of a service, from the pods that it selects: one for each set of ports, as pods may give the same name to
 * different ports, with at most 100 endpoints. Without any endpoint there is one empty slice.
 */
export function slicesOf(service: Service, pods: readonly Pod[]): readonly Slice[] {
  const groups = new Map<string, { readonly ports: readonly EndpointPort[]; readonly endpoints: Endpoint[] }>();
  for (const pod of pods.toSorted((a, b) => a.metadata.name < b.metadata.name ? -1 : 1)) {
    if ((pod.status?.podIP ?? "") === "" || hasEnded(pod)) continue;
    const ports = (service.spec.ports ?? []).flatMap((port) => portOf(port, pod));
    const key = canonicalJson(ports);
    const group = groups.get(key) ?? { ports, endpoints: [] };
    group.endpoints.push(endpointOf(service, pod));
    groups.set(key, group);
  }
  if (groups.size === 0) return [{ ports: [], endpoints: [] }];
  return [...groups.values()].flatMap(({ ports, endpoints }) => {
    const slices = Math.ceil(endpoints.length / mostEndpoints);
    return Array.from({ length: slices }, (_, index) => ({
      ports,
      endpoints: endpoints.slice(index * mostEndpoints, (index + 1) * mostEndpoints),
    }));
  });
}

/** The labels of a service's slices: its own, and those by which slices are found. */
export function labelsOf({ metadata, spec }: Service): Readonly<Record<string, string>> {
  return {
    ...metadata.labels,
    [serviceLabel]: metadata.name,
    [managerLabel]: manager,
    ...(spec.clusterIP === "None" ? { [headlessLabel]: "" } : {}),
  };
}

function endpointOf({ metadata: { name: service }, spec: { publishNotReadyAddresses } }: Service, pod: Pod): Endpoint {
  const { metadata, spec, status } = pod;
  const { name, namespace = "", uid = "" } = metadata;
  const serving = isReady(pod);
  const terminating = metadata.deletionTimestamp !== undefined;
  return {
    addresses: [status?.podIP ?? ""],
    conditions: { ready: publishNotReadyAddresses === true || (serving && !terminating), serving, terminating },
    ...(spec.hostname !== undefined && spec.subdomain === service ? { hostname: spec.hostname } : {}),
    ...(spec.nodeName === undefined ? {} : { nodeName: spec.nodeName }),
    targetRef: { kind: "Pod", name, namespace, uid },
  };
}

/** The port of a pod that a service's port leads to; none when the pod has no port of that name. */
function portOf(
  { name = "", port, targetPort = port, protocol = "TCP", appProtocol }: ServicePort,
  { spec }: Pod,
): EndpointPort[] {
  const number = typeof targetPort === "number" ? targetPort : spec.containers.flatMap(({ ports = [] }) => ports)
    .find((each) => each.name === targetPort && (each.protocol ?? "TCP") === protocol)?.containerPort;
  if (number === undefined) return [];
  return [{ name, port: number, protocol, ...(appProtocol === undefined ? {} : { appProtocol }) }];
}
