import type { MutatingWebhookConfiguration } from "../../../lib/k8s/types.ts";
import { leaseRingLabel, leaseStateLabel, shardLabel, webhookConfigurationName } from "../../../lib/sharding/names.ts";
import type { Look } from "./until_met.ts";
import { place, type World } from "./world.ts";

/** Do so many pods with these labels answer their readiness probes? */
export async function lookAtPods(
  world: World,
  namespace: string,
  labelSelector: string,
  count: number,
  signal: AbortSignal,
): Promise<Look> {
  const { items } = await world.pods.inNamespace(namespace).list({ labelSelector, signal });
  const ready = items.filter(({ status }) =>
    status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True")
  );
  const states = items.map(({ metadata, status }) => `${metadata.name} ${status?.phase ?? "Pending"}`).join(", ");
  return ready.length === count && items.length === count
    ? { met: true, seen: `${count} pods are ready in namespace ${namespace}` }
    : { met: false, seen: `${ready.length} of ${items.length} pods are ready: ${states || "none"}` };
}

/** Does the ring's status say that it is Ready and that so many shards are there and available? */
export async function lookAtRing(world: World, count: number, signal: AbortSignal): Promise<Look> {
  const { status } = await world.rings.get(place.ring, { signal });
  const ready = status?.conditions?.find(({ type }) => type === "Ready")?.status ?? "not set";
  const seen = `the ring's Ready is ${ready}, with ${status?.availableShards ?? 0} of ${status?.shards ?? 0} shards`;
  const met = ready === "True" && status?.shards === count && status.availableShards === count;
  return { met, seen: met ? `${seen} available` : seen };
}

/** Do the Leases' labels say that so many shards are ready? Others may be in other states. */
export async function lookAtReadyLeases(world: World, count: number, signal: AbortSignal): Promise<Look> {
  const labelSelector = `${leaseRingLabel}=${place.ring}`;
  const { items } = await world.leases.list({ labelSelector, signal });
  const ready = items.filter(({ metadata, spec }) =>
    metadata.labels?.[leaseStateLabel] === "ready" && spec?.holderIdentity === metadata.name
  );
  const states = items.map(({ metadata }) => metadata.labels?.[leaseStateLabel] ?? "no state yet").join(", ");
  return ready.length === count
    ? { met: true, seen: `${count} Leases are held by their shards and in state ready` }
    : { met: false, seen: `${ready.length} Leases are ready; the states are: ${states || "none"}` };
}

/** Does the webhook configuration select what it should, and name the path of the ring? */
export function lookAtWebhook(configuration: MutatingWebhookConfiguration | undefined): Look {
  const name = webhookConfigurationName(place.ring);
  const webhook = configuration?.webhooks?.[0];
  if (configuration === undefined || webhook === undefined) return { met: false, seen: `there is no ${name}` };
  const { objectSelector, namespaceSelector, rules = [], clientConfig, failurePolicy } = webhook;
  const [expression] = objectSelector?.matchExpressions ?? [];
  const path = clientConfig.service?.path ?? (clientConfig.url === undefined ? "" : new URL(clientConfig.url).pathname);
  const problems = [
    expression?.key === shardLabel(place.ring) && expression.operator === "DoesNotExist"
      ? ""
      : "the object selector does not ask for a missing shard label",
    namespaceSelector?.matchLabels?.["kubernetes.io/metadata.name"] === place.namespace
      ? ""
      : "the namespace selector is not the ring's",
    rules.map(({ resources, operations }) => `${resources?.join()} ${operations?.toSorted().join()}`).join("; ") ===
        "secrets CREATE,UPDATE; configmaps CREATE,UPDATE"
      ? ""
      : "the rules are not CREATE and UPDATE of secrets and configmaps",
    path === `/webhooks/sharder/controllerring/${place.ring}` ? "" : `the path is ${path}`,
    failurePolicy === "Ignore" ? "" : `the failure policy is ${failurePolicy}`,
  ].filter((problem) => problem !== "");
  return problems.length > 0 ? { met: false, seen: `in ${name}: ${problems.join("; ")}` } : {
    met: true,
    seen: `webhook configuration ${name}: CREATE and UPDATE of secrets and configmaps without shard label, ` +
      `in namespace ${place.namespace}`,
  };
}

/** Has the rollout of the Deployment come to its end? */
export async function lookAtRollout(world: World, replicas: number, signal: AbortSignal): Promise<Look> {
  const { metadata, status = {} } = await world.deployments.get(place.deployment, { signal });
  const { observedGeneration = 0, updatedReplicas = 0, availableReplicas = 0, replicas: present = 0 } = status;
  const met = observedGeneration >= (metadata.generation ?? 0) && updatedReplicas === replicas &&
    availableReplicas === replicas && present === replicas;
  return {
    met,
    seen: met
      ? `deployment ${place.deployment} runs ${replicas} pods of its new version`
      : `${updatedReplicas} of ${present} pods are new, ${availableReplicas} available`,
  };
}
