import type { RestClient } from "../../lib/k8s/contract.ts";
import { UnknownResourceError } from "../../lib/k8s/discovery.ts";
import type { RingSnapshot } from "../../lib/rings/mod.ts";
import { isShardName, shardLabel } from "../../lib/sharding/names.ts";
import { isInScope, readsFor } from "./scope.ts";
import { resolveTargets, type ResourceLookup } from "./targets.ts";

/**
 * Is there an object in the ring's scope that is labelled with this shard? Looks no further than the first one.
 * @throws ApiError when the sharder may not list a resource, Error when it cannot be looked up: then nobody knows.
 */
export async function carriesObjects(
  snapshot: RingSnapshot,
  shard: string,
  lookup: ResourceLookup,
  client: RestClient,
  signal: AbortSignal,
): Promise<boolean> {
  if (!isShardName(shard)) return false; // It is no label value.
  const { ring, scope } = snapshot;
  // A resource that is not served has no objects; of one that cannot be looked up nobody knows.
  const { served, failures } = await resolveTargets(ring, lookup, client, signal);
  const failure = failures.find(({ cause }) => !(cause instanceof UnknownResourceError));
  if (failure !== undefined) throw failure;
  const labelSelector = `${shardLabel(ring.metadata.name)}=${shard}`;
  for (const target of served) {
    for (const namespace of readsFor(target, scope)) {
      for await (const { items } of target.objects.inNamespace(namespace).pages({ labelSelector, signal })) {
        if (items.some((object) => isInScope(object, snapshot.selectsNamespace))) return true;
      }
    }
  }
  return false;
}
