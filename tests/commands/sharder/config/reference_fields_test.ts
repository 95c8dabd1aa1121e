import assert from "node:assert/strict";
import { parseSharderConfig, type SharderConfig } from "../../../../commands/sharder/config/sharder_config.ts";

interface Field {
  readonly path: string;
  readonly value: unknown;
  /** Where it has an effect: what it is by default, and then. */
  readonly effect?: {
    readonly of: (config: SharderConfig) => unknown;
    readonly preset: unknown;
    readonly set: unknown;
  };
}

/** Every field of the reference's SharderConfig (protocol, section 1.2) with its default. */
const fields: readonly Field[] = [
  { path: "clientConnection.qps", value: 5, effect: { of: (c) => c.clientConnection.qps, preset: undefined, set: 5 } },
  {
    path: "clientConnection.burst",
    value: 9,
    effect: { of: (c) => c.clientConnection.burst, preset: undefined, set: 9 },
  },
  { path: "clientConnection.kubeconfig", value: "/kubeconfig" },
  { path: "clientConnection.acceptContentTypes", value: "application/json" },
  { path: "clientConnection.contentType", value: "application/json" },
  {
    path: "leaderElection.leaderElect",
    value: false,
    effect: { of: (c) => c.leaderElection.leaderElect, preset: true, set: false },
  },
  {
    path: "leaderElection.leaseDuration",
    value: "20s",
    effect: { of: (c) => c.leaderElection.leaseDuration, preset: 15_000, set: 20_000 },
  },
  {
    path: "leaderElection.renewDeadline",
    value: "9s",
    effect: { of: (c) => c.leaderElection.renewDeadline, preset: 10_000, set: 9_000 },
  },
  {
    path: "leaderElection.retryPeriod",
    value: "1s",
    effect: { of: (c) => c.leaderElection.retryPeriod, preset: 2_000, set: 1_000 },
  },
  { path: "leaderElection.resourceLock", value: "leases" },
  {
    path: "leaderElection.resourceName",
    value: "x",
    effect: { of: (c) => c.leaderElection.resourceName, preset: "sharder", set: "x" },
  },
  {
    path: "leaderElection.resourceNamespace",
    value: "x",
    effect: { of: (c) => c.leaderElection.resourceNamespace, preset: "sharding-system", set: "x" },
  },
  {
    path: "debugging.enableProfiling",
    value: false,
    effect: { of: (c) => c.debugging.enableProfiling, preset: true, set: false },
  },
  { path: "debugging.enableContentionProfiling", value: true },
  {
    path: "health.bindAddress",
    value: "0",
    effect: { of: (c) => c.health, preset: { hostname: "", port: 8081 }, set: undefined },
  },
  {
    path: "metrics.bindAddress",
    value: "0",
    // The reference then serves plain HTTP on :8080 without any authorization (protocol, section 13.2).
    effect: { of: (c) => c.metrics, preset: { hostname: "", port: 8080 }, set: undefined },
  },
  {
    path: "controller.sharder.syncPeriod",
    value: "0",
    effect: { of: (c) => c.controller.sharder.syncPeriod, preset: 300_000, set: Infinity },
  },
  {
    path: "controller.sharder.concurrentMoves",
    value: 7,
    effect: { of: (c) => c.controller.sharder.concurrentMoves, preset: 100, set: 7 },
  },
  {
    path: "webhook.server.certDir",
    value: "/certs",
    effect: {
      of: (c) => c.webhook.server.certDir,
      preset: "/tmp/k8s-webhook-server/serving-certs",
      set: "/certs",
    },
  },
  {
    path: "webhook.server.certName",
    value: "a",
    effect: { of: (c) => c.webhook.server.certName, preset: "tls.crt", set: "a" },
  },
  {
    path: "webhook.server.keyName",
    value: "a",
    effect: { of: (c) => c.webhook.server.keyName, preset: "tls.key", set: "a" },
  },
  {
    path: "webhook.config.annotations",
    value: { a: "b" },
    effect: { of: (c) => c.webhook.config.annotations, preset: {}, set: { a: "b" } },
  },
  {
    path: "webhook.config.clientConfig.url",
    value: "https://a/",
    effect: { of: (c) => c.webhook.config.clientConfig.url, preset: undefined, set: "https://a/" },
  },
  {
    path: "webhook.config.clientConfig.service",
    value: { name: "a", namespace: "b", path: "/c", port: 1 },
    effect: {
      of: (c) => c.webhook.config.clientConfig.service,
      preset: { name: "sharder", namespace: "sharding-system" },
      set: { name: "a", namespace: "b", port: 1 },
    },
  },
  {
    path: "webhook.config.clientConfig.caBundle",
    value: "Zm9v",
    effect: { of: (c) => c.webhook.config.clientConfig.caBundle, preset: undefined, set: "Zm9v" },
  },
  {
    path: "webhook.config.namespaceSelector",
    value: { matchLabels: { a: "b" } },
    effect: {
      of: (c) => c.webhook.config.namespaceSelector,
      preset: {
        matchExpressions: [
          { key: "kubernetes.io/metadata.name", operator: "NotIn", values: ["kube-system", "sharding-system"] },
        ],
      },
      set: { matchLabels: { a: "b" } },
    },
  },
  {
    path: "gracefulShutDown",
    value: "-1s",
    effect: { of: (c) => c.gracefulShutdown, preset: 15_000, set: -1_000 },
  },
];

for (const { path, value, effect } of fields) {
  Deno.test(`the reference's field ${path} is taken ${effect === undefined ? "without an effect" : "with its default"}`, () => {
    const document = path.split(".").reduceRight<unknown>((inner, name) => ({ [name]: inner }), value);
    const { config, warnings } = parseSharderConfig(document);
    assert.deepEqual(warnings, []);
    const preset = parseSharderConfig({}).config;
    if (effect === undefined) return assert.deepEqual(config, preset);
    assert.deepEqual(effect.of(preset), effect.preset);
    assert.deepEqual(effect.of(config), effect.set);
  });
}
