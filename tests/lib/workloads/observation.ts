import { Api } from "../../../lib/k8s/api/api.ts";
import type { RestClient } from "../../../lib/k8s/contract.ts";
import { events } from "../../../lib/k8s/kinds/events.ts";
import { deployments, replicaSets } from "../../../lib/workloads/kinds/apps.ts";
import { pods } from "../../../lib/workloads/kinds/core.ts";
import { endpointSlices } from "../../../lib/workloads/kinds/discovery.ts";

/** What can be seen of Deployments and what belongs to them, without names that are made up and times. */
export interface Observation {
  readonly deployments: readonly unknown[];
  readonly sets: readonly unknown[];
  readonly pods: readonly string[];
  readonly slices: readonly unknown[];
  readonly events: readonly string[];
}

/** Looks at namespace "default". */
export async function observe(client: RestClient): Promise<Observation> {
  const namespace = { namespace: "default" };
  const [allDeployments, allSets, allPods, allSlices, allEvents] = await Promise.all([
    new Api(client, deployments, namespace).list(),
    new Api(client, replicaSets, namespace).list(),
    new Api(client, pods, namespace).list(),
    new Api(client, endpointSlices, namespace).list(),
    new Api(client, events, namespace).list(),
  ]);
  return {
    deployments: allDeployments.items.map(({ metadata, status }) => ({
      name: metadata.name,
      revision: metadata.annotations?.["deployment.kubernetes.io/revision"],
      observed: status?.observedGeneration === metadata.generation,
      ...numbersOf(status ?? {}),
      conditions: (status?.conditions ?? []).map(({ type, status, reason }) => `${type} ${status} ${reason}`).sort(),
    })),
    sets: allSets.items.map(({ metadata, spec, status }) => ({
      annotations: Object.fromEntries(
        Object.entries(metadata.annotations ?? {}).filter(([key]) => key.startsWith("deployment.kubernetes.io/"))
          .sort(),
      ),
      labels: Object.keys(metadata.labels ?? {}).sort(),
      image: spec.template.spec?.containers[0]?.image,
      size: spec.replicas,
      minReadySeconds: spec.minReadySeconds,
      owners: metadata.ownerReferences?.map(({ kind, name, controller }) => `${kind} ${name} ${controller}`),
      observed: status?.observedGeneration === metadata.generation,
      ...numbersOf(status ?? {}),
      conditions: (status?.conditions ?? []).map(({ type, status, reason }) => `${type} ${status} ${reason}`).sort(),
    })).sort((a, b) => revisionIn(a.annotations) - revisionIn(b.annotations)),
    pods: allPods.items.map(({ metadata, spec, status }) =>
      [
        spec.containers[0]?.image,
        spec.nodeName,
        status?.phase,
        metadata.ownerReferences?.map(({ kind, controller }) => `${kind} ${controller}`).join(),
        Object.keys(metadata.labels ?? {}).sort().join(),
        // Why something does not hold; the in-memory server keeps an old reason where the real one forgets it.
        (status?.conditions ?? []).map(({ type, status, reason = "" }) =>
          `${type}=${status}${status === "True" ? "" : reason}`
        )
          .sort().join(),
      ].join(" ")
    ).sort(),
    // The API server has one for itself.
    slices: allSlices.items.filter(({ metadata }) => metadata.name !== "kubernetes").map((slice) => ({
      labels: Object.entries(slice.metadata.labels ?? {}).sort(),
      owners: slice.metadata.ownerReferences?.map(({ kind, name, controller }) => `${kind} ${name} ${controller}`),
      type: slice.addressType,
      ports: slice.ports?.map(({ name, port, protocol }) => `${name} ${port} ${protocol}`),
      endpoints: slice.endpoints?.map(({ addresses, conditions = {}, nodeName, targetRef }) =>
        [addresses, conditions.ready, conditions.serving, conditions.terminating, nodeName, targetRef?.kind].join(" ")
      ).sort(),
    })),
    events: [
      ...new Set(
        allEvents.items.map(({ regarding, type, reason, reportingController, deprecatedSource }) =>
          `${regarding?.kind} ${type} ${reason} ${reportingController || deprecatedSource?.component}`
        ),
      ),
    ].sort(),
  };
}

function numbersOf(status: object): Record<string, number> {
  return Object.fromEntries(
    Object.entries(status).filter(([name, value]) => typeof value === "number" && name !== "observedGeneration").sort(),
  );
}

function revisionIn(annotations: Readonly<Record<string, unknown>>): number {
  return Number(annotations["deployment.kubernetes.io/revision"]);
}
