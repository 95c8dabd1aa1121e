import assert from "node:assert/strict";
import type { JSONObject } from "../../../../lib/k8s/contract.ts";
import { refusal, send, start } from "../fixture.ts";

interface Refused {
  readonly path: string;
  readonly body: JSONObject;
  readonly message: string;
}

const bindings = "/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings";
const hooks = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations";
const hook = {
  name: "a.b.c",
  clientConfig: { url: "https://x" },
  sideEffects: "None",
  admissionReviewVersions: ["v1"],
};

const definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

function definition(plural: string, group: string, annotations: Readonly<Record<string, string>> = {}): JSONObject {
  const version = { name: "v1", served: true, storage: true, schema: { openAPIV3Schema: { type: "object" } } };
  return {
    metadata: { name: `${plural}.${group}`, annotations: { ...annotations } },
    spec: { group, scope: "Namespaced", names: { plural, kind: "Thing" }, versions: [version] },
  };
}

// Words of kube-apiserver 1.36.
const refused: readonly Refused[] = [
  {
    path: definitions,
    body: definition("deployments", "apps"),
    message: 'CustomResourceDefinition.apiextensions.k8s.io "deployments.apps" is invalid: ' +
      'spec.group: Invalid value: "apps": should be a domain with at least one dot',
  },
  {
    path: definitions,
    body: definition("leases", "coordination.k8s.io"),
    message: 'CustomResourceDefinition.apiextensions.k8s.io "leases.coordination.k8s.io" is invalid: ' +
      "metadata.annotations[api-approved.kubernetes.io]: Required value: protected groups must have approval " +
      'annotation "api-approved.kubernetes.io", see https://github.com/kubernetes/enhancements/pull/1111',
  },
  {
    path: "/api/v1/namespaces/default/secrets",
    body: { metadata: { name: "a" }, type: "kubernetes.io/service-account-token" },
    message: 'Secret "a" is invalid: metadata.annotations[kubernetes.io/service-account.name]: Required value',
  },
  {
    path: "/api/v1/namespaces/default/services",
    body: { metadata: { name: "a" }, spec: { ports: [{ port: 0 }] } },
    message: 'Service "a" is invalid: [spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive, ' +
      "spec.ports[0].targetPort: Invalid value: 0: must be between 1 and 65535, inclusive]",
  },
  {
    path: "/apis/rbac.authorization.k8s.io/v1/namespaces/default/roles",
    body: { metadata: { name: "a" }, rules: [{ verbs: ["get"], resources: ["x"] }] },
    message: 'Role.rbac.authorization.k8s.io "a" is invalid: rules[0].apiGroups: Required value: ' +
      "resource rules must supply at least one api group",
  },
  {
    path: bindings,
    body: { metadata: { name: "a" }, roleRef: { kind: "Foo", name: "x" } },
    message: 'RoleBinding.rbac.authorization.k8s.io "a" is invalid: roleRef.kind: Unsupported value: "Foo": ' +
      'supported values: "Role", "ClusterRole"',
  },
  {
    path: "/apis/networking.k8s.io/v1/namespaces/default/ingresses",
    body: { metadata: { name: "a" }, spec: {} },
    message: 'Ingress.networking.k8s.io "a" is invalid: spec: Invalid value: null: ' +
      "either `defaultBackend` or `rules` must be specified",
  },
  {
    path: hooks,
    body: { metadata: { name: "a" }, webhooks: [{ ...hook, rules: [{ operations: ["CREATE"], apiGroups: [""] }] }] },
    message: 'MutatingWebhookConfiguration.admissionregistration.k8s.io "a" is invalid: ' +
      "[webhooks[0].rules[0].apiVersions: Required value, webhooks[0].rules[0].resources: Required value]",
  },
  {
    path: "/api/v1/namespaces/default/pods",
    body: { metadata: { name: "a" }, spec: { containers: [{ name: "c", image: "i", env: [{ value: "x" }] }] } },
    message: 'Pod "a" is invalid: spec.containers[0].env[0].name: Required value',
  },
];

for (const { path, body, message } of refused) {
  Deno.test(`a POST of ${JSON.stringify(body)} gets 422`, async () => {
    using fixture = start();
    assert.deepEqual(await refusal(send(fixture.client, "POST", path, body)), {
      code: 422,
      reason: "Invalid",
      message,
    });
  });
}

Deno.test("a CustomResourceDefinition does not take the place of a kind of the server's own", async () => {
  using fixture = start();
  const approved = definition("leases", "coordination.k8s.io", { "api-approved.kubernetes.io": "https://example.com" });
  await send(fixture.client, "POST", definitions, approved);
  const path = "/apis/coordination.k8s.io/v1/namespaces/default/leases";
  const lease = JSON.stringify(await send(fixture.client, "POST", path, { metadata: { name: "a" }, spec: {} }));
  assert.match(lease, /"kind":"Lease"/);
});

Deno.test("the role of a RoleBinding stays", async () => {
  using fixture = start();
  await send(fixture.client, "POST", bindings, { metadata: { name: "a" }, roleRef: { kind: "Role", name: "x" } });
  const patch = send(fixture.client, "PATCH", `${bindings}/a`, { roleRef: { name: "y" } }, {
    contentType: "application/merge-patch+json",
  });
  assert.match((await refusal(patch)).message, /"Name":"y"\}: cannot change roleRef$/);
});

Deno.test("a Service gets an address, and keeps it when an update leaves it out", async () => {
  using fixture = start();
  const path = "/api/v1/namespaces/default/services";
  const draft = { metadata: { name: "a" }, spec: { ports: [{ port: 80 }] } };
  const made = JSON.stringify(await send(fixture.client, "POST", path, draft));
  const [address = "none"] = /"clusterIP":"10\.[\d.]+"/.exec(made) ?? [];
  assert.notEqual(address, "none");
  const replaced = JSON.stringify(await send(fixture.client, "PUT", `${path}/a`, draft));
  assert(replaced.includes(address), replaced);
});
