import type { Container, Pod, Probe } from "../../kinds/mod.ts";

/** The ports of a pod on this machine. */
export interface PodPorts {
  /** By number in the manifest and by name, each as text. */
  readonly ports: Readonly<Record<string, number>>;
  /** Those that were allocated and have to be given back. */
  readonly allocated: readonly number[];
}

/**
 * Gives each TCP port of a pod a port of this machine: its own with hostNetwork, its `hostPort` where it has one, else
 * a free one. Ports that only a probe names count too.
 */
export function assignPorts(pod: Pod, allocate: () => number): PodPorts {
  const ports: Record<string, number> = {};
  const allocated: number[] = [];
  const assign = (containerPort: number, hostPort?: number): number => {
    const known = ports[containerPort];
    if (known !== undefined) return known;
    const fixed = pod.spec.hostNetwork === true ? containerPort : hostPort;
    const port = fixed ?? allocate();
    if (fixed === undefined) allocated.push(port);
    return ports[containerPort] = port;
  };
  for (const { ports: declared = [] } of pod.spec.containers) {
    for (const { containerPort, hostPort, name, protocol = "TCP" } of declared) {
      if (protocol !== "TCP") continue;
      const port = assign(containerPort, hostPort);
      if (name !== undefined && name !== "") ports[name] = port;
    }
  }
  for (const container of pod.spec.containers) {
    for (const probe of probesOf(container)) {
      const port = probe.httpGet?.port ?? probe.tcpSocket?.port;
      if (typeof port === "number") assign(port);
    }
  }
  return { ports, allocated };
}

/** The port of this machine behind a port of a pod: what the pod does not name is taken as it is. */
export function hostPortOf(ports: Readonly<Record<string, number>>, port: number | string): number | undefined {
  return ports[port] ?? (typeof port === "number" ? port : undefined);
}

/** The probes of a container. */
export function probesOf({ startupProbe, livenessProbe, readinessProbe }: Container): readonly Probe[] {
  return [startupProbe, livenessProbe, readinessProbe].filter((probe) => probe !== undefined);
}
