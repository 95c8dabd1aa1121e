import { Api } from "../../lib/k8s/api/api.ts";
import { formatGroupResource, type GroupResource, type Resource } from "../../lib/k8s/api/resource.ts";
import type { RestClient } from "../../lib/k8s/contract.ts";
import { UnknownResourceError } from "../../lib/k8s/discovery.ts";
import { DiscreetClient } from "../../lib/k8s/discreet_client.ts";
import type { KubeObject, PartialObjectMetadata } from "../../lib/k8s/types.ts";
import { sharderFieldManager } from "../../lib/sharding/names.ts";
import { controlledResources, type ControllerRing, mainResources, type Role } from "../../lib/sharding/ring_types.ts";

/** One sharded resource of a ring, ready to be read and written. */
export interface Target {
  readonly role: Role;
  readonly groupResource: GroupResource;
  readonly resource: Resource<KubeObject>;
  /** The metadata of its objects, in all namespaces. */
  readonly objects: Api<PartialObjectMetadata>;
}

/** Finds kind, version and scope of a resource; rejects when the API server does not serve it. */
export interface ResourceLookup {
  resourceFor(resource: GroupResource, signal?: AbortSignal): Promise<Resource<KubeObject>>;
  /** What was found is not so any more, as the API server has no such path: it shall be looked up anew. */
  forget?(resource: GroupResource): void;
}

/** A resource of a ring that could not be looked up. */
export class TargetError extends Error {
  override readonly name = "TargetError";
  readonly role: Role;
  readonly groupResource: GroupResource;

  constructor(role: Role, groupResource: GroupResource, ring: string, cause: unknown) {
    super(`cannot shard ${formatGroupResource(groupResource)} of ControllerRing "${ring}"`, { cause });
    this.role = role;
    this.groupResource = groupResource;
  }

  /** Is it known that the API server does not have the resource? Then it has no objects; otherwise it may have many. */
  get isAbsent(): boolean {
    return this.cause instanceof UnknownResourceError;
  }
}

/** The resources of a ring that the API server serves, and what is wrong with the others. */
export interface Targets {
  /** Main resources first, so that owners come before what they own. */
  readonly served: readonly Target[];
  readonly failures: readonly TargetError[];
}

/** Looks up all resources of a ring. One that does not exist never keeps the others from being sharded. */
export async function resolveTargets(
  ring: ControllerRing,
  lookup: ResourceLookup,
  client: RestClient,
  signal: AbortSignal,
): Promise<Targets> {
  const wanted = [
    ...mainResources(ring).map((groupResource) => ({ role: "main" as const, groupResource })),
    ...controlledResources(ring).map((groupResource) => ({ role: "controlled" as const, groupResource })),
  ];
  const served: Target[] = [];
  const failures: TargetError[] = [];
  for (const { role, groupResource } of wanted) {
    try {
      served.push(await resolveTarget(role, groupResource, lookup, client, signal));
    } catch (error) {
      signal.throwIfAborted();
      failures.push(new TargetError(role, groupResource, ring.metadata.name, error));
    }
  }
  return { served, failures };
}

/** Looks up one resource. Rejects as the look-up does. */
export async function resolveTarget(
  role: Role,
  groupResource: GroupResource,
  lookup: ResourceLookup,
  client: RestClient,
  signal: AbortSignal,
): Promise<Target> {
  const resource = await lookup.resourceFor(groupResource, signal);
  // What goes wrong with objects is logged, and told in the ring's status.
  const objects = new Api(new DiscreetClient(client), resource, { fieldManager: sharderFieldManager }).asMetadata();
  return { role, groupResource, resource, objects };
}
