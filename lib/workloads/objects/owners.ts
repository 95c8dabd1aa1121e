import { controllerOf, type KubeObject, type OwnerReference } from "../../k8s/types.ts";
import type { IndexFunction } from "../../runtime/watch/mod.ts";

/** The reference that makes `owner` the controller of another object, which then blocks its foreground deletion. */
export function controllerReference({ apiVersion, kind, metadata }: KubeObject): OwnerReference {
  const { name, uid = "" } = metadata;
  return { apiVersion, kind, name, uid, controller: true, blockOwnerDeletion: true };
}

/** Is `owner` the controller of the object? By uid: an owner made anew under an old name is another one. */
export function isControlledBy(object: KubeObject, owner: KubeObject): boolean {
  return controllerOf(object.metadata)?.uid === owner.metadata.uid;
}

/** The index under which {@link ownedBy} and {@link orphansIn} find objects. */
export const controllerIndex: Readonly<Record<"controller", IndexFunction<KubeObject>>> = {
  controller: (object) => [controllerOf(object.metadata)?.uid ?? orphansIn(object.metadata.namespace ?? "")],
};

/** Where the index has the objects of an owner. */
export function ownedBy(owner: KubeObject): string {
  return owner.metadata.uid ?? "";
}

/** Where the index has the objects of a namespace that have no controller. */
export function orphansIn(namespace: string): string {
  return `orphans of ${namespace}`;
}
