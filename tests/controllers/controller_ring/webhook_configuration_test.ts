import assert from "node:assert/strict";
import fc from "fast-check";
import {
  holds,
  isApplied,
  webhookConfiguration,
  type WebhookSettings,
} from "../../../controllers/controller_ring/webhook_configuration.ts";
import type { Draft, LabelSelector, MutatingWebhook, MutatingWebhookConfiguration } from "../../../lib/k8s/types.ts";
import { ringOf } from "./rings.ts";

const settings: WebhookSettings = {
  clientConfig: { service: { namespace: "sharding-system", name: "sharder" } },
  annotations: {},
  namespaceSelector: { matchLabels: { default: "selector" } },
  timeoutSeconds: 2,
};

/** The one webhook of the ring's configuration. */
function webhookOf(ring = ringOf(), overrides: Partial<WebhookSettings> = {}): MutatingWebhook {
  const [webhook, ...others] = webhookConfiguration(ring, { ...settings, ...overrides }).webhooks ?? [];
  assert.deepEqual(others, []);
  assert.ok(webhook !== undefined);
  return webhook;
}

Deno.test("a webhook is reached at the ring's path, by service or URL", () => {
  const path = "/webhooks/sharder/controllerring/ring";
  const cases: readonly [WebhookSettings["clientConfig"], WebhookSettings["clientConfig"]][] = [
    [{}, { service: { namespace: "sharding-system", name: "sharder", path } }],
    [{ service: { name: "mine", namespace: "" } }, { service: { namespace: "sharding-system", name: "mine", path } }],
    [{ service: { name: "mine", namespace: "here", port: 8443, path: "/other" }, caBundle: "Q0E=" }, {
      service: { name: "mine", namespace: "here", port: 8443, path },
      caBundle: "Q0E=",
    }],
    [{ url: "https://example.com:9443" }, { url: `https://example.com:9443${path}` }],
    [{ url: "https://example.com/base/", caBundle: "Q0E=" }, {
      url: `https://example.com/base${path}`,
      caBundle: "Q0E=",
    }],
  ];
  for (const [clientConfig, expected] of cases) {
    assert.deepEqual(webhookOf(ringOf(), { clientConfig }).clientConfig, expected);
  }
});

Deno.test("a webhook has a rule for each main resource, followed by those of its controlled ones", () => {
  const resources = [
    { group: "", resource: "secrets", controlledResources: [{ group: "", resource: "configmaps" }] },
    { group: "apps", resource: "deployments", controlledResources: [{ group: "apps", resource: "replicasets" }] },
  ];
  const rules = webhookOf(ringOf({ spec: { resources } })).rules ?? [];
  assert.deepEqual(rules.map(({ apiGroups, resources }) => `${apiGroups}/${resources}`), [
    "/secrets",
    "/configmaps",
    "apps/deployments",
    "apps/replicasets",
  ]);
  for (const rule of rules) {
    assert.deepEqual(rule.operations, ["CREATE", "UPDATE"]);
    assert.deepEqual(rule.apiVersions, ["*"]);
    assert.equal(rule.scope, "*");
  }
  assert.deepEqual(webhookOf(ringOf({ spec: {} })).rules, []);
});

Deno.test("a ring's own namespace selector goes before that of the configuration, also the empty one", () => {
  assert.deepEqual(webhookOf().namespaceSelector, settings.namespaceSelector);
  assert.deepEqual(webhookOf(ringOf({ spec: { namespaceSelector: {} } })).namespaceSelector, {});
});

Deno.test("annotations of the configuration are copied, and there are none without", () => {
  const annotations = { "cert-manager.io/inject-ca-from": "sharding-system/webhook-server" };
  assert.deepEqual(webhookConfiguration(ringOf(), { ...settings, annotations }).metadata.annotations, annotations);
  assert.equal(webhookConfiguration(ringOf(), settings).metadata.annotations, undefined);
});

Deno.test("a webhook has the CA bundle of our own certificates, else that of the configuration", () => {
  const configured = { ...settings, clientConfig: { ...settings.clientConfig, caBundle: "Q0E=" } };
  const bundleOf = (settings: WebhookSettings, caBundle?: string): string | undefined =>
    webhookConfiguration(ringOf(), settings, caBundle).webhooks?.[0]?.clientConfig.caBundle;
  assert.equal(bundleOf(settings), undefined);
  assert.equal(bundleOf(settings, "T1VS"), "T1VS");
  assert.equal(bundleOf(configured), "Q0E=");
});

Deno.test("a CA bundle that somebody else injects is never written", () => {
  const injecting = [
    "cert-manager.io/inject-ca-from",
    "cert-manager.io/inject-ca-from-secret",
    "cert-manager.io/inject-apiserver-ca",
    "service.beta.openshift.io/inject-cabundle",
  ];
  for (const name of injecting) {
    const clientConfig = { url: "https://example.com", caBundle: "Q0E=" };
    for (const caBundle of [undefined, "T1VS"]) {
      const wanted = webhookConfiguration(
        ringOf(),
        { ...settings, clientConfig, annotations: { [name]: "x" } },
        caBundle,
      );
      assert.equal(wanted.webhooks?.[0]?.clientConfig.caBundle, undefined);
    }
  }
});

Deno.test("holds() passes over what others have added", () => {
  const wanted = webhookConfiguration(ringOf(), settings);
  const [webhook] = wanted.webhooks ?? [];
  const actual = {
    apiVersion: "admissionregistration.k8s.io/v1",
    metadata: { ...wanted.metadata, uid: "1", labels: { ...wanted.metadata.labels, more: "labels" } },
    webhooks: [{ ...webhook, matchPolicy: "Equivalent", clientConfig: { ...webhook?.clientConfig, caBundle: "Q0E=" } }],
  };
  assert.equal(holds(actual, wanted), true);
});

Deno.test("holds() sees what is missing, different, or one too many in a list", () => {
  const wanted = { a: { b: [1, { c: "x" }] }, d: true };
  assert.equal(holds(wanted, wanted), true);
  const others: readonly unknown[] = [
    undefined,
    null,
    "text",
    {},
    { ...wanted, d: false },
    { ...wanted, a: null },
    { ...wanted, a: { b: "x" } },
    { ...wanted, a: { b: [1] } },
    { ...wanted, a: { b: [1, { c: "x" }, 2] } },
    { ...wanted, a: { b: [{ c: "x" }, 1] } },
  ];
  for (const actual of others) assert.equal(holds(actual, wanted), false, JSON.stringify(actual));
});

Deno.test("holds() is true of any document and itself, and with a field more", () => {
  fc.assert(fc.property(fc.jsonValue(), fc.string(), fc.jsonValue(), (value, name, extra) => {
    assert.equal(holds(value, value), true);
    if (typeof value !== "object" || value === null || Array.isArray(value) || Object.hasOwn(value, name)) return;
    assert.equal(holds({ ...value, [name]: extra }, value), true);
    const isEmpty = typeof extra === "object" && extra !== null && Object.keys(extra).length === 0;
    assert.equal(holds(value, { ...value, [name]: extra }), isEmpty);
  }));
});

Deno.test("holds() does not miss empty lists and maps, which the API server leaves out", () => {
  assert.equal(holds({ a: 1 }, { a: 1, rules: [], selector: {} }), true);
  assert.equal(holds({ rules: [1] }, { rules: [] }), false);
});

Deno.test("a selector that has become wider or narrower is to be applied", () => {
  const withSelector = (namespaceSelector: LabelSelector): Draft<MutatingWebhookConfiguration> =>
    webhookConfiguration(ringOf({ spec: { namespaceSelector } }), settings);
  const selectors: readonly LabelSelector[] = [
    {},
    { matchLabels: { a: "1" } },
    { matchLabels: { a: "1", b: "2" } },
    { matchLabels: { a: "1" }, matchExpressions: [{ key: "b", operator: "Exists" }] },
  ];
  for (const [from, before] of selectors.entries()) {
    for (const [to, after] of selectors.entries()) {
      const { metadata, webhooks = [] } = withSelector(before);
      const actual = { apiVersion: "v1", kind: "Any", metadata: { ...metadata, name: metadata.name ?? "" }, webhooks };
      assert.equal(isApplied(actual, withSelector(after)), from === to, `${from} to ${to}`);
    }
  }
  assert.equal(isApplied(undefined, withSelector({})), false);
});
