import assert from "node:assert/strict";
import fc from "fast-check";
import { parseSharderConfig, SharderConfigError } from "../../../../commands/sharder/config/sharder_config.ts";

const defaults = {
  clientConnection: {},
  leaderElection: {
    leaderElect: true,
    leaseDuration: 15_000,
    renewDeadline: 10_000,
    retryPeriod: 2_000,
    resourceName: "sharder",
    resourceNamespace: "sharding-system",
  },
  health: { hostname: "", port: 8081 },
  metrics: { hostname: "", port: 8080 },
  controller: {
    sharder: {
      syncPeriod: 300_000,
      concurrentMoves: 100,
      maxPendingDrains: 5_000,
      drainDeadline: 300_000,
      movesPerSecond: 0,
      takeOverAfter: 2,
      ringFinalizer: true,
      referenceKeys: false,
    },
    leases: { joinWindow: 1_000, settleWindow: 1_000, massLossHold: 2 },
  },
  debugging: { enableProfiling: true },
  webhook: {
    server: {
      bindAddress: { hostname: "", port: 9443 },
      certDir: "/tmp/k8s-webhook-server/serving-certs",
      certName: "tls.crt",
      keyName: "tls.key",
    },
    config: {
      annotations: {},
      clientConfig: { service: { name: "sharder", namespace: "sharding-system" } },
      namespaceSelector: {
        matchExpressions: [
          { key: "kubernetes.io/metadata.name", operator: "NotIn", values: ["kube-system", "sharding-system"] },
        ],
      },
      timeoutSeconds: 2,
    },
  },
  gracefulShutdown: 15_000,
};

function problemsOf(document: unknown): readonly string[] {
  try {
    parseSharderConfig(document);
  } catch (error) {
    if (error instanceof SharderConfigError) return error.problems;
    throw error;
  }
  return [];
}

/** A document in which only the field of this path is set. */
function at(path: string, value: unknown): unknown {
  return path.split(".").reduceRight<unknown>((inner, name) => ({ [name]: inner }), value);
}

Deno.test("parseSharderConfig() fills in the defaults", () => {
  const identified = { apiVersion: "config.sharding.timebertt.dev/v1alpha1", kind: "SharderConfig" };
  const unset = { webhook: { config: { clientConfig: { service: null }, namespaceSelector: null } } };
  for (const document of [undefined, null, {}, identified, { webhook: null, controller: { sharder: {} } }, unset]) {
    assert.deepEqual(parseSharderConfig(document), { config: defaults, warnings: [] });
  }
  assert.match(parseSharderConfig({}, "/var/tmp/").config.webhook.server.certDir, /^\/var\/tmp\/k8s-webhook-server\//);
});

Deno.test("parseSharderConfig() reads every field", () => {
  const selector = { matchLabels: { team: "a" }, matchExpressions: [{ key: "b", operator: "Exists" }] };
  const { config, warnings } = parseSharderConfig({
    clientConnection: { qps: 12.5, burst: 20, kubeconfig: "ignored", contentType: "ignored" },
    leaderElection: {
      leaderElect: false,
      leaseDuration: "1m",
      renewDeadline: "40s",
      retryPeriod: "5s",
      resourceLock: "leases",
      resourceName: "other",
      resourceNamespace: "elsewhere",
    },
    debugging: { enableProfiling: false, enableContentionProfiling: true },
    health: { bindAddress: "0" },
    metrics: { bindAddress: "[::1]:8443" },
    controller: {
      sharder: {
        syncPeriod: "30s",
        concurrentMoves: 7,
        maxPendingDrains: 8,
        drainDeadline: "90s",
        movesPerSecond: 0.5,
        takeOverAfter: 2.5,
        ringFinalizer: false,
        referenceKeys: true,
      },
      leases: { namespaces: ["b", "a", "b"], joinWindow: "0s", settleWindow: "1m", massLossHold: 0.5 },
    },
    webhook: {
      server: { bindAddress: "127.0.0.1:0", certDir: "/certs", certName: "a.crt", keyName: "a.key" },
      config: {
        annotations: { "cert-manager.io/inject-ca-from": "sharding-system/webhook-server" },
        clientConfig: { url: "https://host.docker.internal:9443/", caBundle: "Zm9v" },
        namespaceSelector: selector,
        timeoutSeconds: 5,
      },
    },
    gracefulShutDown: "-1s",
  });
  assert.deepEqual(warnings, []);
  assert.deepEqual(config, {
    clientConnection: { qps: 12.5, burst: 20 },
    leaderElection: {
      leaderElect: false,
      leaseDuration: 60_000,
      renewDeadline: 40_000,
      retryPeriod: 5_000,
      resourceName: "other",
      resourceNamespace: "elsewhere",
    },
    health: undefined,
    metrics: { hostname: "::1", port: 8443 },
    controller: {
      sharder: {
        syncPeriod: 30_000,
        concurrentMoves: 7,
        maxPendingDrains: 8,
        drainDeadline: 90_000,
        movesPerSecond: 0.5,
        takeOverAfter: 2.5,
        ringFinalizer: false,
        referenceKeys: true,
      },
      leases: { namespaces: ["a", "b"], joinWindow: 0, settleWindow: 60_000, massLossHold: 0.5 },
    },
    debugging: { enableProfiling: false },
    webhook: {
      server: {
        bindAddress: { hostname: "127.0.0.1", port: 0 },
        certDir: "/certs",
        certName: "a.crt",
        keyName: "a.key",
      },
      config: {
        annotations: { "cert-manager.io/inject-ca-from": "sharding-system/webhook-server" },
        clientConfig: { url: "https://host.docker.internal:9443/", caBundle: "Zm9v" },
        namespaceSelector: selector,
        timeoutSeconds: 5,
      },
    },
    gracefulShutdown: -1_000,
  });
});

Deno.test("parseSharderConfig() fills in what a service lacks, and leaves the path to the rings", () => {
  const table = [
    [{ caBundle: "Zm9v" }, { caBundle: "Zm9v", service: { name: "sharder", namespace: "sharding-system" } }],
    [{ service: { name: "mine" } }, { service: { name: "mine", namespace: "sharding-system" } }],
    [{ service: { namespace: "mine", port: 8443, path: "/x" } }, {
      service: { name: "sharder", namespace: "mine", port: 8443 },
    }],
  ] as const;
  for (const [clientConfig, wanted] of table) {
    assert.deepEqual(
      parseSharderConfig(at("webhook.config.clientConfig", clientConfig)).config.webhook.config.clientConfig,
      wanted,
    );
  }
});

Deno.test("parseSharderConfig() takes limits that are not positive for none, and an empty selector for everything", () => {
  assert.deepEqual(parseSharderConfig({ clientConnection: { qps: 0, burst: -1 } }).config.clientConnection, {});
  const { namespaceSelector } = parseSharderConfig(at("webhook.config.namespaceSelector", {})).config.webhook.config;
  assert.deepEqual(namespaceSelector, {});
});

Deno.test("parseSharderConfig() names the field of each problem", () => {
  const table: readonly (readonly [path: string, value: unknown, problem: RegExp])[] = [
    ["apiVersion", "v1", /^apiVersion: must be one of "config.sharding.timebertt.dev\/v1alpha1"/],
    ["kind", "ControllerRing", /^kind: must be one of "SharderConfig"/],
    ["health.bindAddress", "8081", /^health.bindAddress: "8081" is no address to listen on/],
    ["metrics.bindAddress", 8080, /^metrics.bindAddress: must be a string, but is 8080/],
    ["leaderElection.leaderElect", "yes", /^leaderElection.leaderElect: must be true or false/],
    ["leaderElection.leaseDuration", "10s", /^leaderElection.leaseDuration: must be longer than renewDeadline/],
    ["leaderElection.retryPeriod", "9s", /^leaderElection.renewDeadline: must be longer than 1.2 times retryPeriod/],
    ["leaderElection.retryPeriod", "0s", /^leaderElection.retryPeriod: must be longer than 0/],
    ["leaderElection.resourceLock", "configmaps", /^leaderElection.resourceLock: must be one of "leases"/],
    ["controller.sharder.syncPeriod", "-1s", /^controller.sharder.syncPeriod: must be 0 \(never\) or longer/],
    ["debugging.enableProfiling", 1, /^debugging.enableProfiling: must be true or false/],
    ["controller.sharder.syncPeriod", 30, /^controller.sharder.syncPeriod: must be a duration/],
    ["webhook.server.bindAddress", ":x", /^webhook.server.bindAddress: ":x" is no address to listen on/],
    [
      "controller.sharder.concurrentMoves",
      -1,
      /^controller.sharder.concurrentMoves: must be a whole number of at least 0/,
    ],
    ["controller.sharder.drainDeadline", "0s", /^controller.sharder.drainDeadline: must be longer than 0s/],
    ["controller.sharder.maxPendingDrains", 1.5, /^controller.sharder.maxPendingDrains: must be a whole number/],
    ["controller.sharder.takeOverAfter", 0.5, /^controller.sharder.takeOverAfter: must be a number of at least 1/],
    ["controller.leases.namespaces", [], /^controller.leases.namespaces: must name at least one/],
    ["controller.leases.namespaces", ["a_b"], /^controller.leases.namespaces: "a_b" is no name of a namespace/],
    ["controller.leases.joinWindow", "-1s", /^controller.leases.joinWindow: must be 0 \(none\) or longer/],
    ["controller.leases.massLossHold", -1, /^controller.leases.massLossHold: must be a number of at least 0/],
    ["webhook.config.timeoutSeconds", 31, /^webhook.config.timeoutSeconds: must be at most 30/],
    ["webhook.config.annotations", { a: 1 }, /^webhook.config.annotations: must be an object of strings/],
    ["webhook.config.clientConfig.url", "http://a", /^webhook.config.clientConfig.url: must be a URL .* https/],
    ["webhook.config.clientConfig", { url: "https://a", service: {} }, /^webhook.config.clientConfig: .* not both/],
    ["webhook.config.namespaceSelector", { matchLabels: { "a b": "c" } }, /^webhook.config.namespaceSelector: .*"a b"/],
    [
      "webhook.config.namespaceSelector.matchExpressions",
      [{ key: "a", operator: "In" }],
      /^webhook.config.namespaceSelector: .*needs values/,
    ],
    ["gracefulShutDown", "soon", /^gracefulShutDown: must be a duration/],
    ["webhook", [], /^webhook: must be an object/],
  ];
  for (const [path, value, problem] of table) assert.match(problemsOf(at(path, value))[0] ?? "", problem, path);
  assert.match(problemsOf("text")[0] ?? "", /^the document: must be an object/);
});

Deno.test("parseSharderConfig() reports all problems at once", () => {
  const document = { health: { bindAddress: 1 }, metrics: { bindAddress: "x" }, gracefulShutDown: true };
  assert.equal(problemsOf(document).length, 3);
  assert.throws(
    () => parseSharderConfig(document),
    /health.bindAddress: .*; metrics.bindAddress: .*; gracefulShutDown: /,
  );
});

Deno.test("parseSharderConfig() warns of unknown fields, and names the one that was meant", () => {
  const { warnings } = parseSharderConfig({
    gracefulShutdown: "1s",
    helth: {},
    controller: { sharder: { syncperiod: "1s", concurentMoves: 1, something: 1 } },
    webhook: { config: { clientConfig: { caBundel: "" }, namespaceSelector: { matchLabel: {} } }, sever: {} },
  });
  assert.deepEqual(warnings.toSorted(), [
    'controller.sharder.concurentMoves: unknown field, ignored; did you mean "concurrentMoves"?',
    "controller.sharder.something: unknown field, ignored",
    'controller.sharder.syncperiod: unknown field, ignored; did you mean "syncPeriod"?',
    'gracefulShutdown: unknown field, ignored; did you mean "gracefulShutDown"?',
    'helth: unknown field, ignored; did you mean "health"?',
    'webhook.config.clientConfig.caBundel: unknown field, ignored; did you mean "caBundle"?',
    'webhook.config.namespaceSelector.matchLabel: unknown field, ignored; did you mean "matchLabels"?',
    'webhook.sever: unknown field, ignored; did you mean "server"?',
  ]);
});

Deno.test("parseSharderConfig() throws nothing but its own error, whatever the document", () => {
  fc.assert(
    fc.property(
      fc.jsonValue(),
      fc.constantFrom("webhook.config", "leaderElection", "controller", "health"),
      (value, path) => {
        for (const document of [value, at(path, value)]) assert.ok(Array.isArray(problemsOf(document)));
      },
    ),
  );
});
