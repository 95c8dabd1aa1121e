import { parse } from "yaml";
import { ApiServer, type CallWebhook } from "../../../lib/apiserver/mod.ts";
import { type JSONObject, type RestClient } from "../../../lib/k8s/contract.ts";
import { systemClock } from "../../../lib/util/clock/mod.ts";
import { systemRandom } from "../../../lib/util/random.ts";

/** Objects as they are in a cluster, for measurements. */
export interface Workload {
  readonly name: string;
  /** Of the collection. */
  readonly path: string;
  object(index: number): JSONObject;
  /** Brings what the objects need. */
  prepare?(client: RestClient): Promise<void>;
}

const secretsPath = "/api/v1/namespaces/default/secrets";
const value = btoa("x".repeat(1_024));

function secret(index: number, labels: Readonly<Record<string, string>> = {}): JSONObject {
  const common = { "app.kubernetes.io/name": "website", "app.kubernetes.io/instance": `site-${index}`, tier: "web" };
  const name = `secret-${String(index).padStart(6, "0")}`;
  return { apiVersion: "v1", kind: "Secret", metadata: { name, labels: { ...common, ...labels } }, data: { value } };
}

/** A Secret of 1 kB with labels. */
export const secrets: Workload = { name: "a Secret of 1 kB", path: secretsPath, object: (index) => secret(index) };

/** A custom resource with a structural schema, defaults and rules in CEL. */
export const rings: Workload = {
  name: "a ControllerRing with schema and CEL",
  path: "/apis/sharding.timebertt.dev/v1alpha1/controllerrings",
  object: (index) => ({
    apiVersion: "sharding.timebertt.dev/v1alpha1",
    kind: "ControllerRing",
    metadata: { name: `ring-${index}` },
    spec: {
      resources: [{ group: "", resource: "secrets", controlledResources: [{ group: "", resource: "configmaps" }] }],
      namespaceSelector: { matchLabels: { team: "a" } },
    },
  }),
  prepare: async (client) => {
    const file = new URL("../../../deploy/crds/sharding.timebertt.dev_controllerrings.yaml", import.meta.url);
    const path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    await client.performRequest({ method: "POST", path, bodyJson: parse(await Deno.readTextFile(file)) });
  },
};

/** A Secret whose label a mutating webhook sets; the webhook itself takes no time. */
export const webhookSecrets: Workload = {
  name: "a Secret of 1 kB with a mutating webhook",
  path: secretsPath,
  object: (index) => secret(index),
  prepare: async (client) => {
    const webhook = {
      name: "webhook.example.com",
      admissionReviewVersions: ["v1"],
      sideEffects: "None",
      clientConfig: { url: "https://webhook.example.com" },
      rules: [{ apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["secrets"] }],
    };
    const path = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations";
    await client.performRequest({ method: "POST", path, bodyJson: { metadata: { name: "w" }, webhooks: [webhook] } });
  },
};

/** All of them. */
export const workloads = [secrets, rings, webhookSecrets] as const;

const patch = btoa(JSON.stringify([{ op: "add", path: "/metadata/labels/shard", value: "shard-a" }]));

const label: CallWebhook = (_config, review) => {
  const { request } = review;
  const uid = typeof request === "object" && request !== null && !Array.isArray(request) ? request["uid"] : undefined;
  return Promise.resolve({ ...review, response: { uid, allowed: true, patchType: "JSONPatch", patch } });
};

/** An API server in real time that can hold the workloads. */
export async function serverFor(workload: Workload): Promise<ApiServer> {
  const server = new ApiServer({ clock: systemClock, random: systemRandom, callWebhook: label });
  using client = server.client();
  await workload.prepare?.(client);
  return server;
}
