import type { LabelSelector, WebhookClientConfig } from "../k8s/types.ts";
import { Fields } from "../util/fields.ts";
import {
  readAddress,
  readClientConfig,
  readLabelSelector,
  readPositiveDuration,
  warnUnknown,
} from "./config_fields.ts";
import { systemNamespace } from "./names.ts";
import { ourTiming } from "./shard_state.ts";

/**
 * The sharder's configuration (`config.sharding.timebertt.dev/v1alpha1`, kind SharderConfig) with all defaults filled
 * in. Fields marked "ours" do not exist in the reference. Durations are in milliseconds.
 */
export interface SharderConfig {
  /** Limits of requests to the API server; absent: none. */
  readonly clientConnection: { readonly qps?: number; readonly burst?: number };
  readonly leaderElection: {
    /** Elect a leader; without, this replica leads at once and must be the only one. */
    readonly leaderElect: boolean;
    readonly leaseDuration: number;
    readonly renewDeadline: number;
    readonly retryPeriod: number;
    /** Name and namespace of the Lease. */
    readonly resourceName: string;
    readonly resourceNamespace: string;
  };
  /** Addresses are as in Go, such as ":8081"; "0" turns a server off. */
  readonly health: { readonly bindAddress: string };
  readonly metrics: { readonly bindAddress: string };
  readonly controller: {
    readonly sharder: {
      /** Everything is looked at again after so long; the pause after a failure is never longer. */
      readonly syncPeriod: number;
      /** Most objects of a ring that are written at the same time. */
      readonly concurrentMoves: number;
      /** Ours. Most objects that one shard may have been asked to let go of at the same time. */
      readonly maxPendingDrains: number;
      /** Ours. A silent shard without a proof of its stop is taken over after so many durations of its Lease. */
      readonly takeOverAfter: number;
    };
  };
  readonly webhook: {
    readonly server: {
      /** Ours; in the reference always ":9443". */
      readonly bindAddress: string;
      readonly certDir: string;
      readonly certName: string;
      readonly keyName: string;
    };
    readonly config: {
      /** Copied to each webhook configuration. */
      readonly annotations: Readonly<Record<string, string>>;
      /** How the API server reaches the webhook; the path is set per ring. */
      readonly clientConfig: WebhookClientConfig;
      /** Namespaces of rings that select none themselves. */
      readonly namespaceSelector: LabelSelector;
      /** Ours; in the reference always 5. In seconds. */
      readonly timeoutSeconds: number;
    };
  };
  /** How long work may go on after the first signal: 0 not at all, negative without end. */
  readonly gracefulShutDown: number;
}

/** A configuration that cannot be used. The message lists every problem with the path of its field. */
export class SharderConfigError extends Error {
  override readonly name = "SharderConfigError";
  readonly problems: readonly string[];

  /** @param problems one line each. */
  constructor(problems: readonly string[]) {
    super(`the sharder's configuration cannot be used: ${problems.join("; ")}`);
    this.problems = problems;
  }
}

/** A configuration that was read. */
export interface ParsedSharderConfig {
  readonly config: SharderConfig;
  /** What was ignored, one line each. */
  readonly warnings: readonly string[];
}

/** Namespaces that rings leave alone when nobody says otherwise: the cluster's own and the sharder's. */
const usualNamespaces: LabelSelector = {
  matchExpressions: [
    { key: "kubernetes.io/metadata.name", operator: "NotIn", values: ["kube-system", systemNamespace] },
  ],
};

/**
 * Reads a SharderConfig that was parsed from YAML or JSON, and fills in the defaults. Nothing (undefined or null) is
 * the default configuration.
 * @param temporaryDir where certificates lie by default, in `k8s-webhook-server/serving-certs`.
 * @throws SharderConfigError with all problems at once.
 */
export function parseSharderConfig(document: unknown, temporaryDir = "/tmp"): ParsedSharderConfig {
  const problems: string[] = [];
  const warnings: string[] = [];
  const fields = new Fields(document, "", problems);
  fields.choice("apiVersion", ["config.sharding.timebertt.dev/v1alpha1"]);
  fields.choice("kind", ["SharderConfig"]);
  const controller = fields.object("controller");
  const webhook = fields.object("webhook");
  const config: SharderConfig = {
    clientConnection: readClientConnection(fields.object("clientConnection"), warnings),
    leaderElection: readLeaderElection(fields.object("leaderElection"), warnings),
    health: readServer(fields.object("health"), ":8081", warnings),
    metrics: readServer(fields.object("metrics"), ":8080", warnings),
    controller: { sharder: readSharder(controller.object("sharder"), warnings) },
    webhook: {
      server: readWebhookServer(webhook.object("server"), temporaryDir, warnings),
      config: readWebhookConfig(webhook.object("config"), warnings),
    },
    gracefulShutDown: fields.duration("gracefulShutDown") ?? 15_000,
  };
  const debugging = fields.object("debugging");
  for (const name of ["enableProfiling", "enableContentionProfiling"]) debugging.boolean(name);
  warnUnknown(debugging, ["enableProfiling", "enableContentionProfiling"], warnings);
  warnUnknown(controller, ["sharder"], warnings);
  warnUnknown(webhook, ["server", "config"], warnings);
  warnUnknown(fields, ["apiVersion", "kind", "debugging", ...Object.keys(config)], warnings);
  if (problems.length > 0) throw new SharderConfigError(problems);
  return { config, warnings };
}

function readClientConnection(fields: Fields, warnings: string[]): SharderConfig["clientConnection"] {
  // As in the reference, limits that are not positive are none.
  const [qps = 0, burst = 0] = [fields.number("qps"), fields.integer("burst")];
  const ignored = ["kubeconfig", "acceptContentTypes", "contentType"];
  for (const name of ignored) fields.string(name);
  warnUnknown(fields, ["qps", "burst", ...ignored], warnings);
  return { ...(qps > 0 ? { qps } : {}), ...(burst > 0 ? { burst } : {}) };
}

function readLeaderElection(fields: Fields, warnings: string[]): SharderConfig["leaderElection"] {
  fields.choice("resourceLock", ["leases"]);
  const election = {
    leaderElect: fields.boolean("leaderElect") ?? true,
    leaseDuration: readPositiveDuration(fields, "leaseDuration", 15_000),
    renewDeadline: readPositiveDuration(fields, "renewDeadline", 10_000),
    retryPeriod: readPositiveDuration(fields, "retryPeriod", 2_000),
    resourceName: fields.string("resourceName") ?? "sharder",
    resourceNamespace: fields.string("resourceNamespace") ?? systemNamespace,
  };
  // A Lease has whole seconds: client-go cuts off the rest, and the shortest it can say is one.
  if (election.leaseDuration < 1_000) fields.problem("leaseDuration", "must be at least 1s");
  if (!(election.leaseDuration > election.renewDeadline)) {
    fields.problem("leaseDuration", "must be longer than renewDeadline");
  }
  if (!(election.renewDeadline > 1.2 * election.retryPeriod)) {
    fields.problem("renewDeadline", "must be longer than 1.2 times retryPeriod");
  }
  warnUnknown(fields, ["resourceLock", ...Object.keys(election)], warnings);
  return election;
}

function readServer(fields: Fields, otherwise: string, warnings: string[]): SharderConfig["health"] {
  const bindAddress = readAddress(fields, "bindAddress", otherwise);
  warnUnknown(fields, ["bindAddress"], warnings);
  return { bindAddress };
}

function readSharder(fields: Fields, warnings: string[]): SharderConfig["controller"]["sharder"] {
  const sharder = {
    syncPeriod: readPositiveDuration(fields, "syncPeriod", 300_000),
    concurrentMoves: fields.integer("concurrentMoves", 1) ?? 100,
    maxPendingDrains: fields.integer("maxPendingDrains", 1) ?? 100,
    takeOverAfter: fields.number("takeOverAfter", 1) ?? ourTiming.uncertainAfter,
  };
  warnUnknown(fields, Object.keys(sharder), warnings);
  return sharder;
}

function readWebhookServer(
  fields: Fields,
  temporaryDir: string,
  warnings: string[],
): SharderConfig["webhook"]["server"] {
  const server = {
    bindAddress: readAddress(fields, "bindAddress", ":9443"),
    certDir: fields.string("certDir") ?? `${temporaryDir.replace(/\/+$/, "")}/k8s-webhook-server/serving-certs`,
    certName: fields.string("certName") ?? "tls.crt",
    keyName: fields.string("keyName") ?? "tls.key",
  };
  warnUnknown(fields, Object.keys(server), warnings);
  return server;
}

function readWebhookConfig(fields: Fields, warnings: string[]): SharderConfig["webhook"]["config"] {
  const { url, service, ...rest } = readClientConfig(fields, "clientConfig", warnings) ?? {};
  const target = { ...service, name: service?.name || "sharder", namespace: service?.namespace || systemNamespace };
  const timeoutSeconds = fields.integer("timeoutSeconds", 1) ?? 2;
  if (timeoutSeconds > 30) fields.problem("timeoutSeconds", "must be at most 30, as the API server allows no more");
  const config = {
    annotations: fields.stringMap("annotations") ?? {},
    clientConfig: url === undefined ? { ...rest, service: target } : { ...rest, url },
    namespaceSelector: readLabelSelector(fields, "namespaceSelector", warnings) ?? usualNamespaces,
    timeoutSeconds,
  };
  warnUnknown(fields, Object.keys(config), warnings);
  return config;
}
