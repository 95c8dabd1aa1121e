import type { JSONObject } from "../../../lib/k8s/contract.ts";
import { stringify } from "yaml";
import type { Hands } from "./hands.ts";
import { place, type World } from "./world.ts";

/** Creates a Secret, as `kubectl create secret generic` does. @returns the object in YAML with `output` "yaml". */
export async function createSecret(
  { hands, world }: { readonly hands: Hands; readonly world: World },
  name: string,
  data: Readonly<Record<string, string>>,
  output: "name" | "yaml",
  signal: AbortSignal,
): Promise<string> {
  const literals = Object.entries(data).flatMap(([key, value]) => ["--from-literal", `${key}=${value}`]);
  const args = ["create", "secret", "generic", name, ...literals, ...(output === "yaml" ? ["-oyaml"] : [])];
  return await hands.act(args, async () => {
    const encoded = Object.fromEntries(Object.entries(data).map(([key, value]) => [key, btoa(value)]));
    const draft = { metadata: { name }, type: "Opaque", ...(literals.length > 0 ? { data: encoded } : {}) };
    const created = await world.secrets.create(draft, { signal, fieldManager: "kubectl-create" });
    if (output === "name") return `secret/${name} created\n`;
    const { managedFields: _, ...metadata } = created.metadata;
    return stringify({ ...created, metadata }, { sortMapEntries: true });
  }, signal);
}

/** Sets the number of shards. */
export async function scale(hands: Hands, world: World, replicas: number, signal: AbortSignal): Promise<void> {
  const { deployment } = place;
  await hands.act(["scale", "deployment", deployment, "--replicas", String(replicas)], async () => {
    const patch = { type: "merge" as const, patch: { spec: { replicas } } };
    await world.deployments.scale.patch(deployment, patch, { signal });
    return `deployment.apps/${deployment} scaled\n`;
  }, signal);
}

/** Kills a pod: no grace period, so that its process can release nothing. */
export async function killPod(hands: Hands, world: World, name: string, signal: AbortSignal): Promise<void> {
  await hands.act(["delete", "pod", name, "--force", "--grace-period=0"], async () => {
    await world.client.performRequest({
      method: "DELETE",
      path: `/api/v1/namespaces/${place.namespace}/pods/${name}`,
      bodyJson: { apiVersion: "v1", kind: "DeleteOptions", gracePeriodSeconds: 0 } satisfies JSONObject,
      abortSignal: signal,
      expectJson: true,
    });
    return `pod "${name}" force deleted from ${place.namespace} namespace\n`;
  }, signal);
}

/** Replaces all pods of the Deployment by new ones, some at a time. @param now milliseconds since the epoch */
export async function restart(hands: Hands, world: World, now: number, signal: AbortSignal): Promise<void> {
  const { deployment } = place;
  await hands.act(["rollout", "restart", "deployment", deployment], async () => {
    const restartedAt = new Date(now).toISOString();
    const annotations = { "kubectl.kubernetes.io/restartedAt": restartedAt };
    const patch = { spec: { template: { metadata: { annotations } } } };
    await world.deployments.patch(deployment, { type: "merge", patch }, { signal });
    return `deployment.apps/${deployment} restarted\n`;
  }, signal);
}
