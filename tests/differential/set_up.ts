import type { JSONObject } from "../../lib/k8s/contract.ts";
import { manifest } from "../integration/manifests.ts";
import type { Face } from "./face.ts";

/** Whom the cluster lets do little; see {@link limits}. */
export const limitedUser = "limited";

const rings = "/apis/sharding.timebertt.dev/v1alpha1/controllerrings";

/** Gives a server our CRD, and the configuration of the scripted webhook. */
export async function setUp(face: Face): Promise<void> {
  for (const object of await manifest("crds/sharding.timebertt.dev_controllerrings.yaml")) {
    await create(face, "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", object);
  }
  await create(face, "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", widgets);
  const query = new URLSearchParams();
  const path = "/apis/differential.example/v1/widgets";
  await face.settle(async () => (await face.send({ method: "GET", path, query })).code === 200);
  await face.settle(async () => (await face.send({ method: "GET", path: rings, query })).code === 200);
  await create(
    face,
    "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations",
    webhookConfiguration(face.clientConfig),
  );
  await create(
    face,
    "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations",
    validatingConfiguration(face.clientConfig),
  );
  await create(face, "/apis/rbac.authorization.k8s.io/v1/clusterroles", limits);
  await create(face, "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", limitsBinding);
  // The real server begins to ask webhooks some time after it stored their configuration.
  await face.settle(async () => {
    const body = JSON.stringify({ metadata: { name: "probe", labels: { hook: "deny" } } });
    const path = "/api/v1/namespaces/default/configmaps";
    return (await face.send({ method: "POST", path, query: new URLSearchParams("dryRun=All"), body })).code === 418;
  });
  await face.settle(async () => {
    const body = JSON.stringify({ metadata: { name: "probe", labels: { validate: "deny" } } });
    const path = "/api/v1/namespaces/default/configmaps";
    return (await face.send({ method: "POST", path, query: new URLSearchParams("dryRun=All"), body })).code === 418;
  });
}

async function create(face: Face, path: string, object: JSONObject): Promise<void> {
  const query = new URLSearchParams();
  const { code, body } = await face.send({ method: "POST", path, query, body: JSON.stringify(object) });
  if (code !== 201) throw new Error(`POST ${path} to ${face.name}: ${code} ${JSON.stringify(body)}`);
}

/** A custom resource with a scale, a status, defaults and lists with keys. */
const widgets: JSONObject = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "widgets.differential.example" },
  spec: {
    group: "differential.example",
    names: { plural: "widgets", singular: "widget", kind: "Widget", listKind: "WidgetList" },
    scope: "Namespaced",
    versions: [{
      name: "v1",
      served: true,
      storage: true,
      subresources: {
        status: {},
        scale: {
          specReplicasPath: ".spec.replicas",
          statusReplicasPath: ".status.replicas",
          labelSelectorPath: ".status.selector",
        },
      },
      schema: {
        openAPIV3Schema: {
          type: "object",
          properties: {
            spec: {
              type: "object",
              properties: {
                replicas: { type: "integer", format: "int32", minimum: 0, maximum: 1000 },
                color: { type: "string", enum: ["red", "green"], default: "red" },
                size: { type: "integer", maximum: 10 },
                tags: { type: "array", items: { type: "string" }, "x-kubernetes-list-type": "set" },
                parts: {
                  type: "array",
                  "x-kubernetes-list-type": "map",
                  "x-kubernetes-list-map-keys": ["name"],
                  items: { type: "object", required: ["name"], properties: { name: { type: "string" } } },
                },
              },
            },
            status: {
              type: "object",
              properties: { replicas: { type: "integer" }, selector: { type: "string" } },
            },
          },
        },
      },
    }],
  },
};

/** What the limited user may do: look at ConfigMaps, write some of them, delete one Secret, apply Leases. */
const limits: JSONObject = {
  apiVersion: "rbac.authorization.k8s.io/v1",
  kind: "ClusterRole",
  metadata: { name: limitedUser },
  rules: [
    { apiGroups: [""], resources: ["configmaps"], verbs: ["get", "list", "watch", "create", "update"] },
    { apiGroups: [""], resources: ["secrets"], resourceNames: ["a"], verbs: ["get", "delete", "patch"] },
    { apiGroups: ["coordination.k8s.io"], resources: ["leases"], verbs: ["patch"] },
    { apiGroups: ["sharding.timebertt.dev"], resources: ["controllerrings/status"], verbs: ["*"] },
  ],
};

const limitsBinding: JSONObject = {
  apiVersion: "rbac.authorization.k8s.io/v1",
  kind: "ClusterRoleBinding",
  metadata: { name: limitedUser },
  roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: limitedUser },
  subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: limitedUser }],
};

/** Sees objects with a label of its own, as they will be stored. */
function validatingConfiguration(clientConfig: JSONObject): JSONObject {
  return {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "ValidatingWebhookConfiguration",
    metadata: { name: "scripted" },
    webhooks: [{
      name: "validating.example.com",
      clientConfig,
      rules: [
        rule("", "v1", "configmaps", "secrets"),
        rule("coordination.k8s.io", "v1", "leases"),
        rule("sharding.timebertt.dev", "v1alpha1", "controllerrings", "controllerrings/status"),
      ],
      sideEffects: "None",
      admissionReviewVersions: ["v1"],
      objectSelector: { matchExpressions: [{ key: "validate", operator: "Exists" }] },
    }],
  };
}

/** The webhook sees only objects that ask for it; what it adds wakes a second one. */
function webhookConfiguration(clientConfig: JSONObject): JSONObject {
  const common = {
    clientConfig,
    rules: [
      rule("", "v1", "configmaps", "secrets"),
      rule("coordination.k8s.io", "v1", "leases"),
      rule("sharding.timebertt.dev", "v1alpha1", "controllerrings", "controllerrings/status"),
    ],
    sideEffects: "None",
    admissionReviewVersions: ["v1"],
  };
  const selector = (key: string): JSONObject => ({ matchExpressions: [{ key, operator: "Exists" }] });
  return {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "MutatingWebhookConfiguration",
    metadata: { name: "scripted" },
    webhooks: [
      { ...common, name: "first.example.com", objectSelector: selector("hook"), reinvocationPolicy: "IfNeeded" },
      { ...common, name: "second.example.com", objectSelector: selector("hooked"), failurePolicy: "Ignore" },
    ],
  };
}

function rule(group: string, version: string, ...resources: readonly string[]): JSONObject {
  return {
    apiGroups: [group],
    apiVersions: [version],
    operations: ["CREATE", "UPDATE", "DELETE"],
    resources: [...resources],
  };
}
