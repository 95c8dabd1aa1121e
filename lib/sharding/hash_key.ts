import type { ObjectMeta, OwnerReference } from "../k8s/types.ts";

/** Group and kind of an object, whatever its version. The core group is "". */
export interface GroupKind {
  readonly group: string;
  readonly kind: string;
}

/** The metadata that decide the shard of an object. */
export type KeyMetadata = Pick<ObjectMeta, "name" | "generateName" | "namespace" | "ownerReferences">;

/** What decides the shard of an object. Odd objects have a problem instead of a key; nothing here throws. */
export type HashKey =
  | { readonly type: "key"; readonly key: string }
  /** The object follows its controller, but has none: it belongs to no shard. */
  | { readonly type: "none" }
  | { readonly type: "problem"; readonly problem: string };

/** The key of an object that is sharded by its own name: `group/Kind/namespace/name`, cluster-scoped with namespace "". */
export function mainKey(groupKind: GroupKind, metadata: KeyMetadata): HashKey {
  const { group, kind } = groupKind;
  if (!isText(kind)) return problem("the object has no kind");
  if (!isText(metadata.name)) {
    return problem(
      isText(metadata.generateName)
        ? "the object has no name yet: generateName is not supported where the name decides the shard"
        : "the object has no name",
    );
  }
  return { type: "key", key: keyFrom(group, kind, metadata.namespace ?? "", metadata.name) };
}

/**
 * Are objects of this kind in no namespace? Undefined while that is not known, of a kind that may belong to the ring's
 * main resources.
 */
export type ClusterScoped = (owner: GroupKind) => boolean | undefined;

/**
 * How the reference makes keys: no owner counts as cluster-scoped, so a namespaced child of one has a key of its own, and
 * is not where its owner is.
 */
export const referenceKeys: ClusterScoped = (): boolean => false;

/**
 * The key of an object that follows its controller, which is the controller's own key. It is built from the controller
 * reference, which names no namespace: an owner in a namespace is in that of the object.
 * @param isClusterScoped with {@link referenceKeys} the key is the reference's also where it is not the owner's.
 */
export function controlledKey(metadata: KeyMetadata, isClusterScoped: ClusterScoped = referenceKeys): HashKey {
  const owner = controllerReference(metadata);
  if (owner === undefined) return { type: "none" };
  const { apiVersion, kind, name } = owner;
  if (!isText(apiVersion)) return problem("the object's controller reference has no apiVersion");
  if (!isText(kind)) return problem("the object's controller reference has no kind");
  if (!isText(name)) return problem("the object's controller reference has no name");
  const group = groupOf(apiVersion);
  if (group === undefined) {
    return problem(`the object's controller reference has the malformed apiVersion "${apiVersion}"`);
  }
  if (!isText(metadata.namespace)) return { type: "key", key: keyFrom(group, kind, "", name) };
  const noNamespace = isClusterScoped({ group, kind });
  if (noNamespace === undefined) return problem(`it is not known (yet) whether a ${kind} lies in a namespace`);
  return { type: "key", key: keyFrom(group, kind, noNamespace ? "" : metadata.namespace, name) };
}

/** The group in an apiVersion, "" for the core group; undefined when it is not `version` or `group/version`. */
export function groupOf(apiVersion: string): string | undefined {
  const parts = apiVersion.split("/");
  if (parts.length > 2) return undefined;
  return parts.length === 2 ? parts[0] : "";
}

/** Like `controllerOf`, for metadata that nobody has validated yet. */
function controllerReference(metadata: KeyMetadata): OwnerReference | undefined {
  const references: unknown = metadata.ownerReferences;
  if (!Array.isArray(references)) return undefined;
  return metadata.ownerReferences?.find((reference: OwnerReference | null) => reference?.controller === true);
}

function keyFrom(group: string, kind: string, namespace: string, name: string): string {
  return `${group}/${kind}/${namespace}/${name}`;
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

function problem(text: string): HashKey {
  return { type: "problem", problem: text };
}
