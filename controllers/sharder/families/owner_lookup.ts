import { controllerOf, type PartialObjectMetadata } from "../../../lib/k8s/types.ts";
import { type ClusterScoped, controlledKey, groupOf, mainKey, referenceKeys } from "../../../lib/sharding/hash_key.ts";
import { drainLabel, shardLabel } from "../../../lib/sharding/names.ts";
import type { Owner } from "../../../lib/sharding/plan.ts";
import { readObject } from "../rights/read_object.ts";
import type { Target } from "../targets.ts";

/** An object whose main owner is known: the owner's resource, name and hash key. */
export interface Parentage {
  readonly target: Target;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** The owner's own hash key. */
  readonly key: string;
}

/** Finds the owners of controlled objects among the ring's main resources. */
export class OwnerLookup {
  readonly #mains: readonly Target[];
  readonly #likeReference: boolean;
  /** Whose children have the key of an owner without namespace. */
  readonly isClusterScoped: ClusterScoped;

  /**
   * @param likeReference Leave namespaced children of cluster-scoped owners where the reference's sharder wants them,
   * instead of with their owners.
   */
  constructor(targets: readonly Target[], likeReference = false) {
    this.#mains = targets.filter((target) => target.role === "main");
    this.#likeReference = likeReference;
    this.isClusterScoped = likeReference
      ? referenceKeys
      : (owner) => this.#mainOf(owner.group, owner.kind)?.resource.namespaced === false;
  }

  /** The controller of an object, if it is of one of the ring's main resources. */
  parentOf(child: PartialObjectMetadata): Parentage | undefined {
    const reference = controllerOf(child.metadata);
    if (reference === undefined || controlledKey(child.metadata).type !== "key") return undefined;
    const group = groupOf(reference.apiVersion);
    const target = this.#mainOf(group, reference.kind);
    if (target === undefined) return undefined;
    const { namespace: around = "" } = child.metadata;
    if (this.#likeReference && around !== "" && !target.resource.namespaced) return undefined;
    const namespace = target.resource.namespaced ? around : "";
    const { name, uid } = reference;
    const key = mainKey(target.resource, { namespace, name });
    return key.type === "key" ? { target, namespace, name, uid, key: key.key } : undefined;
  }

  #mainOf(group: string | undefined, kind: string): Target | undefined {
    return this.#mains.find(({ resource }) => resource.kind === kind && resource.group === group);
  }

  /** Reads which shard the owner of an object has. */
  async find(child: PartialObjectMetadata, ring: string, signal: AbortSignal): Promise<Owner> {
    const parent = this.parentOf(child);
    return parent === undefined ? "unknown" : await this.read(parent, ring, signal);
  }

  /** Reads which shard an owner has. An object of the same name that was created later is not the owner. */
  async read(parent: Parentage, ring: string, signal: AbortSignal): Promise<Owner> {
    const owner = await readObject(parent.target.objects.inNamespace(parent.namespace), parent.name, signal);
    return owner === undefined || owner.metadata.uid !== parent.uid ? "gone" : ownerView(owner, ring);
  }
}

/** What a ring's labels say of an owner. */
export function ownerView(object: PartialObjectMetadata, ring: string): Exclude<Owner, string> {
  const labels = object.metadata.labels ?? {};
  const shard = labels[shardLabel(ring)];
  return { ...(shard ? { shard } : {}), draining: labels[drainLabel(ring)] !== undefined };
}
