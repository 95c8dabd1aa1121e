import { OwnerLookup } from "../../controllers/sharder/families/owner_lookup.ts";
import { isInScope, type NamespaceScope, readsFor } from "../../controllers/sharder/scope.ts";
import { resolveTargets, type Target } from "../../controllers/sharder/targets.ts";
import { Api } from "../../lib/k8s/api/api.ts";
import { formatGroupResource } from "../../lib/k8s/api/resource.ts";
import { Discovery } from "../../lib/k8s/discovery.ts";
import { ApiError, isForbidden } from "../../lib/k8s/errors.ts";
import { mutatingWebhookConfigurations } from "../../lib/k8s/kinds/admissionregistration.ts";
import { leases } from "../../lib/k8s/kinds/coordination.ts";
import { namespaces } from "../../lib/k8s/kinds/core.ts";
import { matchesSelector, selectorOf } from "../../lib/k8s/selectors.ts";
import type { LabelSelector, Lease, PartialObjectMetadata } from "../../lib/k8s/types.ts";
import { type ShardedObject, shardedObject } from "../../lib/rings/report/mod.ts";
import { admissionOf } from "../../lib/sharding/lease_namespaces.ts";
import { leaseRingLabel, webhookConfigurationName } from "../../lib/sharding/names.ts";
import { type ControllerRing, namespaceSelectorOf, usualNamespaces } from "../../lib/sharding/ring_types.ts";
import { RingView } from "../../lib/sharding/ring_view.ts";
import { referenceTiming, shardState } from "../../lib/sharding/shard_state.ts";
import { describeError } from "../../lib/util/log.ts";
import type { RingCommandContext } from "./context.ts";
import { allowed, missingRight } from "./ring_error.ts";

/** A ring and its shards at one moment, with the user's rights. Objects are not read yet. */
export interface RingReading {
  readonly ring: ControllerRing;
  readonly view: RingView;
  /** The Leases of the shards, sorted by namespace and name. */
  readonly leases: readonly Lease[];
  readonly namespaceSelector: LabelSelector;
  readonly scope: NamespaceScope;
  readonly selects: (namespace: string) => boolean;
  /** The ring's resources that the server has. */
  readonly targets: readonly Target[];
  /** Finds the owners of children, as the sharder does. */
  readonly owners: OwnerLookup;
  /** What could not be read, one line each; more come while objects are read. */
  readonly problems: string[];
}

/** Reads what there is to know of a ring without a look at its objects. */
export async function readRing(context: RingCommandContext, ring: ControllerRing): Promise<RingReading> {
  const { client, parts: { clock }, referenceKeys, signal } = context;
  const { name } = ring.metadata;
  const shards = await readLeases(context, name);
  const now = { wall: clock.now(), monotonic: clock.monotonic() };
  // One look cannot tell how long a Lease has stayed as it is, so the times that are written in it have to do.
  const view = new RingView(
    name,
    shards.map((lease) => ({
      name: lease.metadata.name,
      namespace: lease.metadata.namespace ?? "",
      created: lease.metadata.creationTimestamp ?? "",
      judgement: shardState(lease, undefined, now, referenceTiming),
    })),
    { admits: admissionOf(ring) },
  );
  const namespaceSelector = await findNamespaceSelector(context, ring);
  const { scope, selects } = await readScope(context, namespaceSelector);
  const { served, failures } = await resolveTargets(ring, new Discovery(client, { clock }), client, signal);
  const problems = failures.map(({ cause }) => describeError(cause));
  const targets = { targets: served, owners: new OwnerLookup(served, referenceKeys) };
  return { ring, view, leases: shards, namespaceSelector, scope, selects, ...targets, problems };
}

/**
 * The objects of a ring in pages, so that they are never in memory as a whole. A resource that cannot be read is noted
 * among the reading's problems, and the others are read all the same.
 */
export async function* objectsOf(
  reading: RingReading,
  signal: AbortSignal,
  { labelSelector = "" }: { readonly labelSelector?: string } = {},
): AsyncGenerator<{ readonly target: Target; readonly items: readonly PartialObjectMetadata[] }, void, undefined> {
  for (const target of reading.targets) {
    try {
      for (const namespace of readsFor(target, reading.scope)) {
        const options = { signal, onExpired: "resume" as const, labelSelector };
        for await (const { items } of target.objects.inNamespace(namespace).pages(options)) {
          yield { target, items: items.filter((object) => isInScope(object, reading.selects)) };
        }
      }
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const resource = formatGroupResource(target.groupResource);
      reading.problems.push(isForbidden(error) ? missingRight("list", resource, error) : describeError(error));
    }
  }
}

/** What matters of an object of a target. */
export function sharded(reading: RingReading, target: Target, object: PartialObjectMetadata): ShardedObject {
  const kind = { ...target.groupResource, kind: target.resource.kind, role: target.role };
  return shardedObject(reading.ring.metadata.name, kind, object, reading.owners.isClusterScoped);
}

/** The Leases of a ring's shards. */
export async function readLeases({ client, signal }: RingCommandContext, ring: string): Promise<readonly Lease[]> {
  const labelSelector = `${leaseRingLabel}=${ring}`;
  const { items } = await allowed(
    "list",
    "leases.coordination.k8s.io",
    () => new Api(client, leases).list({ labelSelector, signal }),
  );
  return items;
}

/** The ring's own selector, else that of the sharder's configuration, which shows in what it tells the API server. */
export async function findNamespaceSelector(
  { client, signal }: RingCommandContext,
  ring: ControllerRing,
): Promise<LabelSelector> {
  if (ring.spec?.namespaceSelector !== undefined) return ring.spec.namespaceSelector;
  try {
    const name = webhookConfigurationName(ring.metadata.name);
    const configuration = await new Api(client, mutatingWebhookConfigurations).find(name, { signal });
    return configuration?.webhooks?.[0]?.namespaceSelector ?? usualNamespaces;
  } catch (error) {
    // Who may not read it nearly always has a sharder with the usual selector.
    if (isForbidden(error)) return namespaceSelectorOf(ring, usualNamespaces);
    throw error;
  }
}

async function readScope(
  { client, signal }: RingCommandContext,
  namespaceSelector: LabelSelector,
): Promise<Pick<RingReading, "scope" | "selects">> {
  const selector = selectorOf(namespaceSelector);
  // Without a condition the namespaces need not be read, nor need they be readable.
  if (selector.length === 0) return { scope: { selected: [], all: true }, selects: () => true };
  const selected = new Set<string>();
  let all = true;
  const pages = new Api(client, namespaces).asMetadata().pages({ signal });
  await allowed("list", "namespaces", async () => {
    for await (const { items } of pages) {
      for (const { metadata } of items) {
        if (matchesSelector(selector, metadata.labels)) selected.add(metadata.name);
        else all = false;
      }
    }
  });
  return { scope: { selected: [...selected].sort(), all }, selects: (name) => name === "" || selected.has(name) };
}
