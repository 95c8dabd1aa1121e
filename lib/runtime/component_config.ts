import { type BindAddress, formatBindAddress, parseBindAddress } from "../util/bind_address.ts";
import type { Fields } from "../util/fields.ts";
import { type ElectionTiming, type TimingProblem, timingProblems } from "./election/mod.ts";

/** Leader election of a component (`leaderElection`). Times are in milliseconds. */
export interface LeaderElectionConfig extends ElectionTiming {
  /** Without it every replica works as if it led. */
  readonly leaderElect: boolean;
  /** Name of the Lease. */
  readonly resourceName: string;
  /** Namespace of the Lease. */
  readonly resourceNamespace: string;
}

/** Limits of the connection to the API server (`clientConnection`). */
export interface ClientConnectionConfig {
  /** Requests a second; undefined for no limit. */
  readonly qps?: number;
  /** Requests at once after a pause; undefined for the client's default. */
  readonly burst?: number;
}

/** What the configurations of all components have in common. */
export interface ComponentConfig {
  readonly leaderElection: LeaderElectionConfig;
  readonly clientConnection: ClientConnectionConfig;
  /** Where health and readiness are served (`health.bindAddress`); undefined for nowhere. */
  readonly health: BindAddress | undefined;
  /** Where metrics are served (`metrics.bindAddress`); undefined for nowhere. */
  readonly metrics: BindAddress | undefined;
  /** Milliseconds that a stop may take (`gracefulShutDown`): 0 none, negative endless. */
  readonly gracefulShutdown: number;
}

/**
 * Reads the common parts of a component's configuration; what is absent keeps its default. Problems are collected in
 * the fields, each with its path.
 */
export function readComponentConfig(root: Fields, defaults: ComponentConfig): ComponentConfig {
  return {
    leaderElection: readLeaderElection(root.object("leaderElection"), defaults.leaderElection),
    clientConnection: readClientConnection(root.object("clientConnection"), defaults.clientConnection),
    health: readBindAddress(root.object("health"), defaults.health),
    metrics: readBindAddress(root.object("metrics"), defaults.metrics),
    gracefulShutdown: root.duration("gracefulShutDown") ?? defaults.gracefulShutdown,
  };
}

/** The rules that the times of an election break; none when there is no election. */
export function electionProblems(config: LeaderElectionConfig): TimingProblem[] {
  if (!config.leaderElect) return [];
  const problems = timingProblems(config);
  if (config.leaseDuration < 1_000) {
    problems.push({ field: "leaseDuration", message: "must be at least 1s, the unit of a Lease" });
  }
  return problems;
}

function readLeaderElection(fields: Fields, defaults: LeaderElectionConfig): LeaderElectionConfig {
  // Endpoints and ConfigMaps were kinds of locks once; only Leases are left.
  fields.choice("resourceLock", ["leases"]);
  const config = {
    leaderElect: fields.boolean("leaderElect") ?? defaults.leaderElect,
    leaseDuration: fields.duration("leaseDuration") ?? defaults.leaseDuration,
    renewDeadline: fields.duration("renewDeadline") ?? defaults.renewDeadline,
    retryPeriod: fields.duration("retryPeriod") ?? defaults.retryPeriod,
    resourceName: fields.string("resourceName") ?? defaults.resourceName,
    resourceNamespace: fields.string("resourceNamespace") ?? defaults.resourceNamespace,
  };
  for (const { field, message } of electionProblems(config)) fields.problem(field, message);
  if (!config.leaderElect) return config;
  for (const name of ["resourceName", "resourceNamespace"] as const) {
    if (config[name] === "") fields.problem(name, "must not be empty");
  }
  return config;
}

function readClientConnection(fields: Fields, defaults: ClientConnectionConfig): ClientConnectionConfig {
  const qps = fields.number("qps") ?? defaults.qps;
  const burst = fields.integer("burst") ?? defaults.burst;
  for (const ignored of ["kubeconfig", "acceptContentTypes", "contentType"]) fields.string(ignored);
  // As in the reference only positive numbers count; 0 stands for "no limit".
  return {
    ...(qps !== undefined && qps > 0 ? { qps } : {}),
    ...(burst !== undefined && burst > 0 ? { burst } : {}),
  };
}

/** Reads `bindAddress`: as in the reference, "" is the default and "0" none (undefined). */
export function readBindAddress(fields: Fields, preset: BindAddress | undefined): BindAddress | undefined {
  const text = fields.string("bindAddress") || (preset === undefined ? "0" : formatBindAddress(preset));
  try {
    return parseBindAddress(text);
  } catch (error) {
    fields.problem("bindAddress", error instanceof Error ? error.message : String(error));
    return preset;
  }
}
