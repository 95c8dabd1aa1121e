import { Api } from "../../../lib/k8s/api/api.ts";
import type { Resource } from "../../../lib/k8s/api/resource.ts";
import type { RestClient } from "../../../lib/k8s/contract.ts";
import { configMaps, secrets } from "../../../lib/k8s/kinds/core.ts";
import type { KubeObject, Lease } from "../../../lib/k8s/types.ts";
import { isAny } from "../../../lib/k8s/api/resource.ts";
import type { Target } from "../../../controllers/sharder/targets.ts";
import type { Role } from "../../../lib/sharding/ring_types.ts";

/** A sharded resource on a connection. */
export function targetOf(client: RestClient, role: Role, resource: Omit<Resource<KubeObject>, "is">): Target {
  const any: Resource<KubeObject> = { ...resource, is: isAny };
  const { group, plural } = resource;
  return {
    role,
    groupResource: { group, resource: plural },
    resource: any,
    objects: new Api(client, any).asMetadata(),
  };
}

/** Secrets as the main resource. */
export function secretsOn(client: RestClient): Target {
  return targetOf(client, "main", secrets);
}

/** ConfigMaps that are controlled by main objects. */
export function configMapsOn(client: RestClient): Target {
  return targetOf(client, "controlled", configMaps);
}

/** The API server has no Lease that is not in the snapshot. */
export const noLease = {
  exists: (): Promise<boolean> => Promise.resolve(false),
  find: (_shard: string): Promise<readonly Lease[]> => Promise.resolve([]),
};
