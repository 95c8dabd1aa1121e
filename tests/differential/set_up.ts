import type { JSONObject } from "../../lib/k8s/contract.ts";
import { manifest } from "../integration/manifests.ts";
import type { Face } from "./face.ts";

const rings = "/apis/sharding.timebertt.dev/v1alpha1/controllerrings";

/** Gives a server our CRD, and the configuration of the scripted webhook. */
export async function setUp(face: Face): Promise<void> {
  for (const object of await manifest("crds/sharding.timebertt.dev_controllerrings.yaml")) {
    await create(face, "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", object);
  }
  const query = new URLSearchParams();
  await face.settle(async () => (await face.send({ method: "GET", path: rings, query })).code === 200);
  await create(
    face,
    "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations",
    webhookConfiguration(face.clientConfig),
  );
  // The real server begins to ask webhooks some time after it stored their configuration.
  await face.settle(async () => {
    const body = JSON.stringify({ metadata: { name: "probe", labels: { hook: "deny" } } });
    const path = "/api/v1/namespaces/default/configmaps";
    return (await face.send({ method: "POST", path, query: new URLSearchParams("dryRun=All"), body })).code === 418;
  });
}

async function create(face: Face, path: string, object: JSONObject): Promise<void> {
  const query = new URLSearchParams();
  const { code, body } = await face.send({ method: "POST", path, query, body: JSON.stringify(object) });
  if (code !== 201) throw new Error(`POST ${path} to ${face.name}: ${code} ${JSON.stringify(body)}`);
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
