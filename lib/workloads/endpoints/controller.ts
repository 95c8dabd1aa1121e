import { Api } from "../../k8s/api/api.ts";
import { isNotFound } from "../../k8s/errors.ts";
import { formatKey, keyOf, type ObjectKey } from "../../k8s/types.ts";
import { Controller, fromInformer, type Reconcile, type ReconcileResult } from "../../runtime/controller/mod.ts";
import type { IndexFunction, Informer, InformerEvent, StoreReader } from "../../runtime/watch/mod.ts";
import type { Clock } from "../../util/clock/mod.ts";
import type { Pod, Service } from "../kinds/core.ts";
import { type EndpointSlice, endpointSlices } from "../kinds/discovery.ts";
import { isNamespaceTerminating, isUnanswered } from "../objects/answers.ts";
import { isSame } from "../objects/canonical_json.ts";
import { OwnWrites } from "../objects/own_writes.ts";
import { controllerReference, ownedBy } from "../objects/owners.ts";
import type { WorkloadContext } from "../workload_context.ts";
import { hasSlices, labelsOf, manager, managerLabel, selects, serviceLabel, type Slice, slicesOf } from "./slices.ts";

/** What the controller follows. */
export interface EndpointInformers {
  readonly services: Informer<Service>;
  readonly pods: Informer<Pod>;
  /** With {@link sliceIndex}, and only those that {@link ownSlices} selects. */
  readonly slices: Informer<EndpointSlice>;
}

/** The index of slices by the key of their service. */
export const sliceIndex: Readonly<Record<"service", IndexFunction<EndpointSlice>>> = {
  service: (slice) => [formatKey(serviceOf(slice))],
};

/** Selects the slices that this controller keeps. */
export const ownSlices = `${managerLabel}=${manager}`;

/** Keeps the EndpointSlices of all services that select pods. */
export function endpointController(context: WorkloadContext, informers: EndpointInformers): Controller {
  const { client, clock, random, fieldManager } = context;
  const { services, pods, slices } = informers;
  return new Controller({
    name: "endpointslice",
    clock,
    random,
    sources: [
      fromInformer(services, { name: "services" }),
      fromInformer(pods, { name: "pods", keys: (event) => servicesOf(event, services.store) }),
      fromInformer(slices, { name: "endpointslices", keys: ({ object }) => [serviceOf(object)] }),
    ],
    reconcile: endpointReconciler({
      services: services.store,
      pods: pods.store,
      slices: slices.store,
      api: new Api(client, endpointSlices, { fieldManager }),
      writes: new OwnWrites(),
      clock,
    }),
  });
}

function serviceOf({ metadata }: EndpointSlice): ObjectKey {
  return { namespace: metadata.namespace ?? "", name: metadata.labels?.[serviceLabel] ?? "" };
}

/** Services that select the pod, or did. */
function* servicesOf(event: InformerEvent<Pod>, services: StoreReader<Service>): Generator<ObjectKey> {
  const states = event.type === "updated" ? [event.previous, event.object] : [event.object];
  for (const service of services.list()) {
    const near = service.metadata.namespace === event.object.metadata.namespace;
    if (near && states.some(({ metadata }) => selects(service, metadata.labels))) yield keyOf(service);
  }
}

/** What the reconciler works with. */
export interface EndpointParts {
  readonly services: Pick<StoreReader<Service>, "get">;
  readonly pods: Pick<StoreReader<Pod>, "list">;
  readonly slices: Pick<StoreReader<EndpointSlice>, "get" | "byIndex">;
  readonly api: Api<EndpointSlice>;
  readonly writes: OwnWrites;
  readonly clock: Clock;
}

/** How long the cache may lag behind our writes before we look for ourselves, in milliseconds. */
const patience = 10_000;

/** Brings the slices of one service in line with its pods. */
export function endpointReconciler(parts: EndpointParts): Reconcile {
  const { services, pods, slices, api, writes, clock } = parts;
  return async (key, { signal }): Promise<ReconcileResult> => {
    const service = services.get(key);
    // The slices of a service that is gone are removed by the garbage collector.
    if (service === undefined || service.metadata.deletionTimestamp !== undefined) return {};
    const inNamespace = api.inNamespace(key.namespace);
    const owner = ownedBy(service);
    const state = writes.state(owner, slices, clock.monotonic(), patience);
    if (state === "behind") return { requeueAfter: patience };
    const selector = `${ownSlices},${serviceLabel}=${key.name}`;
    const existing = state === "fresh"
      ? slices.byIndex("service", formatKey(key))
      : (await inNamespace.list({ labelSelector: selector, signal })).items;
    if (state === "doubtful") {
      writes.forget(owner);
      for (const slice of existing) writes.wrote(owner, slice, clock.monotonic());
    }
    const selected = [...pods.list()].filter(({ metadata }) =>
      metadata.namespace === key.namespace && selects(service, metadata.labels)
    );
    try {
      for (const { before, slice } of pair(existing, hasSlices(service) ? slicesOf(service, selected) : [])) {
        if (slice === undefined) await inNamespace.delete(before.metadata.name, { signal }).catch(unlessGone);
        else {
          const written = await write(inNamespace, service, before, slice, signal);
          if (written !== undefined) writes.wrote(owner, written, clock.monotonic());
        }
      }
    } catch (error) {
      if (isUnanswered(error)) writes.doubt(owner, clock.monotonic());
      if (!isNamespaceTerminating(error)) throw error;
    }
    return {};
  };
}

type Pair =
  | { readonly before: EndpointSlice | undefined; readonly slice: Slice }
  | { readonly before: EndpointSlice; readonly slice: undefined };

/** Which existing slice becomes which: those with the same ports first, so that as little as possible is written. */
function pair(existing: readonly EndpointSlice[], wanted: readonly Slice[]): readonly Pair[] {
  const left = new Set(existing);
  const pairs = wanted.map((slice) => {
    const before = [...left].find(({ ports }) => isSame(ports ?? [], slice.ports));
    if (before !== undefined) left.delete(before);
    return { slice, before };
  });
  const filled = pairs.map(({ slice, before }) => {
    const [spare] = left;
    if (before !== undefined || spare === undefined) return { slice, before };
    left.delete(spare);
    return { slice, before: spare };
  });
  return [...filled, ...[...left].map((before) => ({ before, slice: undefined }))];
}

/** Undefined when there is nothing to write. */
async function write(
  api: Api<EndpointSlice>,
  service: Service,
  before: EndpointSlice | undefined,
  { ports, endpoints }: Slice,
  signal: AbortSignal,
): Promise<EndpointSlice | undefined> {
  const fields = { ports: [...ports], endpoints: [...endpoints], addressType: "IPv4" };
  const labels = labelsOf(service);
  if (before === undefined) {
    const { name, namespace = "" } = service.metadata;
    const metadata = { generateName: `${name}-`, namespace, labels, ownerReferences: [controllerReference(service)] };
    return await api.create({ metadata, ...fields }, { signal });
  }
  const same = isSame([before.ports ?? [], before.endpoints ?? [], before.metadata.labels], [ports, endpoints, labels]);
  if (same) return undefined;
  return await api.replace({ ...before, metadata: { ...before.metadata, labels }, ...fields }, { signal });
}

function unlessGone(error: unknown): void {
  if (!isNotFound(error)) throw error;
}
