import type { Pod, Service, ServicePort } from "../kinds/mod.ts";

/** A pod of this node, as its services see it. */
export interface LocalPod {
  readonly pod: Pod;
  /** All its containers want to be called. */
  readonly ready: boolean;
  readonly terminating: boolean;
  /** Its ports on this machine, by number in the manifest and by name. */
  readonly ports: Readonly<Record<string, number>>;
}

/** Does the service select the pod? A service without a selector selects none. */
export function selects({ metadata, spec }: Service, { metadata: pod }: Pod): boolean {
  const selector = Object.entries(spec.selector ?? {});
  return selector.length > 0 && pod.namespace === metadata.namespace &&
    selector.every(([key, value]) => pod.labels?.[key] === value);
}

/**
 * Ports of this machine behind a port of a service: those of its ready pods; while there is none, those of ready pods
 * that are being stopped, as they still answer.
 */
export function endpoints(service: Service, port: ServicePort, pods: readonly LocalPod[]): readonly number[] {
  const ready = pods.filter((each) => each.ready && selects(service, each.pod));
  const staying = ready.filter((each) => !each.terminating);
  return (staying.length > 0 ? staying : ready).flatMap((each) => {
    const found = targetOf(port, each);
    return found === undefined ? [] : [found];
  });
}

function targetOf({ port, targetPort = port }: ServicePort, { ports }: LocalPod): number | undefined {
  return ports[targetPort] ?? (typeof targetPort === "number" ? targetPort : undefined);
}

/** The port of a service that a number or name refers to. */
export function servicePort({ spec }: Service, port: number | string): ServicePort | undefined {
  return spec.ports?.find((each) => each.port === port || each.name === port);
}
