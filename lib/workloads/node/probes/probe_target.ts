import type { Probe } from "../../kinds/mod.ts";
import { hostPortOf } from "../pod/pod_ports.ts";
import { loopback } from "../pod/pod_status.ts";

/** What a probe calls. */
export type ProbeTarget =
  | {
    readonly type: "http";
    readonly scheme: "http" | "https";
    readonly host: string;
    readonly port: number;
    /** With its query. */
    readonly path: string;
    readonly headers: readonly (readonly [name: string, value: string])[];
  }
  | { readonly type: "tcp"; readonly host: string; readonly port: number };

/** What a probe calls on this machine; undefined when its port has no number. */
export function probeTarget(probe: Probe, ports: Readonly<Record<string, number>>): ProbeTarget | undefined {
  const { httpGet, tcpSocket } = probe;
  const wanted = httpGet?.port ?? tcpSocket?.port;
  const port = wanted === undefined ? undefined : hostPortOf(ports, wanted);
  if (port === undefined) return undefined;
  if (httpGet === undefined) return { type: "tcp", host: tcpSocket?.host ?? loopback, port };
  const { host = loopback, scheme = "HTTP", path = "/", httpHeaders = [] } = httpGet;
  return {
    type: "http",
    scheme: scheme.toUpperCase() === "HTTPS" ? "https" : "http",
    host: host === "" ? loopback : host,
    port,
    path: path.startsWith("/") ? path : `/${path}`,
    headers: httpHeaders.map(({ name, value }) => [name, value] as const),
  };
}

/** The times and thresholds of a probe, in milliseconds, with Kubernetes' defaults. */
export function probeTiming(probe: Probe): {
  readonly initialDelay: number;
  readonly period: number;
  readonly timeout: number;
  readonly successThreshold: number;
  readonly failureThreshold: number;
} {
  const { initialDelaySeconds = 0, periodSeconds, timeoutSeconds, successThreshold, failureThreshold } = probe;
  return {
    initialDelay: Math.max(0, initialDelaySeconds) * 1_000,
    period: positive(periodSeconds, 10) * 1_000,
    timeout: positive(timeoutSeconds, 1) * 1_000,
    successThreshold: positive(successThreshold, 1),
    failureThreshold: positive(failureThreshold, 3),
  };
}

function positive(value: number | undefined, fallback: number): number {
  return value !== undefined && value > 0 ? value : fallback;
}
