import type { LabelSelector, WebhookClientConfig } from "../../../lib/k8s/types.ts";
import { type ComponentConfig, readBindAddress, readComponentConfig } from "../../../lib/runtime/component_config.ts";
import { systemNamespace } from "../../../lib/sharding/names.ts";
import { usualNamespaces } from "../../../lib/sharding/ring_types.ts";
import { ourTiming } from "../../../lib/sharding/shard_state.ts";
import type { BindAddress } from "../../../lib/util/bind_address.ts";
import { Fields } from "../../../lib/util/fields.ts";
import { type LeaseSettings, readLeases } from "./lease_fields.ts";
import { readClientConfig, readLabelSelector } from "./webhook_fields.ts";

/**
 * The sharder's configuration (`config.sharding.timebertt.dev/v1alpha1`, kind SharderConfig) with all defaults filled
 * in. Fields marked "ours" do not exist in the reference. Durations are in milliseconds.
 */
export interface SharderConfig extends ComponentConfig {
  readonly controller: {
    readonly sharder: {
      /** Everything is looked at again after so long; Infinity (in the file: 0) for never. */
      readonly syncPeriod: number;
      /** Most objects of a ring that are written at the same time. */
      readonly concurrentMoves: number;
      /**
       * Ours. Most objects that one shard may have been asked to let go of at the same time: bounds the memory that
       * waiting takes, and keeps one stuck shard from holding up the others.
       */
      readonly maxPendingDrains: number;
      /** Ours. A shard that has not let go of an object after so long is reported. */
      readonly drainDeadline: number;
      /**
       * Ours. Most objects of a ring that live shards are asked to let go of in a second, where the ring's annotation
       * says nothing else; 0 for no limit.
       */
      readonly movesPerSecond: number;
      /** Ours. A silent shard without a proof of its stop is taken over after so many durations of its Lease. */
      readonly takeOverAfter: number;
      /** Ours. A ring that is deleted stays until its objects have lost its labels, by a finalizer. */
      readonly ringFinalizer: boolean;
      /**
       * Ours. Namespaced children of cluster-scoped owners go where the reference's sharder wants them, as long as one of
       * its replicas may answer too; else they go where their owners are.
       */
      readonly referenceKeys: boolean;
    };
    /** Ours. */
    readonly leases: LeaseSettings;
  };
  readonly debugging: {
    /** Serve profiles beside the metrics. */
    readonly enableProfiling: boolean;
  };
  readonly webhook: {
    readonly server: {
      /** Ours; in the reference always ":9443". Undefined for no webhook. */
      readonly bindAddress: BindAddress | undefined;
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

/** The defaults of the reference. */
const commonDefaults: ComponentConfig = {
  leaderElection: {
    leaderElect: true,
    leaseDuration: 15_000,
    renewDeadline: 10_000,
    retryPeriod: 2_000,
    resourceName: "sharder",
    resourceNamespace: systemNamespace,
  },
  clientConnection: {},
  health: { hostname: "", port: 8081 },
  metrics: { hostname: "", port: 8080 },
  gracefulShutdown: 15_000,
};

const webhookAddress: BindAddress = { hostname: "", port: 9443 };

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
  const webhook = fields.object("webhook");
  const controller = fields.object("controller");
  const config: SharderConfig = {
    ...readComponentConfig(fields, commonDefaults),
    controller: {
      sharder: readSharder(controller.object("sharder"), warnings),
      leases: readLeases(controller.object("leases")),
    },
    debugging: readDebugging(fields.object("debugging")),
    webhook: {
      server: readWebhookServer(webhook.object("server"), temporaryDir),
      config: readWebhookConfig(webhook.object("config")),
    },
  };
  warnings.push(...fields.unknown());
  // A misspelt field is often why another is missing: whoever repairs the file wants to know both at once.
  if (problems.length > 0) throw new SharderConfigError([...problems, ...warnings]);
  return { config, warnings };
}

const usualMoves = 100;

function readSharder(fields: Fields, warnings: string[]): SharderConfig["controller"]["sharder"] {
  const syncPeriod = fields.duration("syncPeriod") ?? 300_000;
  if (syncPeriod < 0) fields.problem("syncPeriod", "must be 0 (never) or longer");
  const drainDeadline = fields.duration("drainDeadline") ?? 300_000;
  if (drainDeadline <= 0) fields.problem("drainDeadline", "must be longer than 0s");
  const concurrentMoves = fields.integer("concurrentMoves", 0) ?? usualMoves;
  if (concurrentMoves === 0) {
    // The reference starts with it, but then moves nothing: nobody means that.
    warnings.push(`${fields.path}.concurrentMoves: 0 would move nothing, ${usualMoves} are used`);
  }
  return {
    syncPeriod: syncPeriod === 0 ? Infinity : syncPeriod,
    concurrentMoves: concurrentMoves === 0 ? usualMoves : concurrentMoves,
    maxPendingDrains: fields.integer("maxPendingDrains", 1) ?? 5_000,
    drainDeadline,
    movesPerSecond: fields.number("movesPerSecond", 0) ?? 0,
    takeOverAfter: fields.number("takeOverAfter", 1) ?? ourTiming.uncertainAfter,
    ringFinalizer: fields.boolean("ringFinalizer") ?? true,
    referenceKeys: fields.boolean("referenceKeys") ?? false,
  };
}

function readDebugging(fields: Fields): SharderConfig["debugging"] {
  // Known, but nothing here ever blocks a thread.
  fields.boolean("enableContentionProfiling");
  return { enableProfiling: fields.boolean("enableProfiling") ?? true };
}

function readWebhookServer(fields: Fields, temporaryDir: string): SharderConfig["webhook"]["server"] {
  return {
    bindAddress: readBindAddress(fields, webhookAddress),
    certDir: fields.string("certDir") ?? `${temporaryDir.replace(/\/+$/, "")}/k8s-webhook-server/serving-certs`,
    certName: fields.string("certName") ?? "tls.crt",
    keyName: fields.string("keyName") ?? "tls.key",
  };
}

function readWebhookConfig(fields: Fields): SharderConfig["webhook"]["config"] {
  const { url, service, ...rest } = readClientConfig(fields, "clientConfig") ?? {};
  const target = { ...service, name: service?.name || "sharder", namespace: service?.namespace || systemNamespace };
  const timeoutSeconds = fields.integer("timeoutSeconds", 1) ?? 2;
  if (timeoutSeconds > 30) fields.problem("timeoutSeconds", "must be at most 30, as the API server allows no more");
  return {
    annotations: fields.stringMap("annotations") ?? {},
    clientConfig: url === undefined ? { ...rest, service: target } : { ...rest, url },
    namespaceSelector: readLabelSelector(fields, "namespaceSelector") ?? usualNamespaces,
    timeoutSeconds,
  };
}
