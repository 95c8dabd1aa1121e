import type { PartialObjectMetadata } from "../../lib/k8s/types.ts";
import type { Target } from "./targets.ts";

/** Up to so many selected namespaces are read one by one; beyond, one request spans them all. */
const fewNamespaces = 8;

/** Which namespaces belong to a ring. */
export interface NamespaceScope {
  /** Names of the namespaces that are selected and exist. */
  readonly selected: readonly string[];
  /** Whether there are others, so that a request that spans all namespaces would show too much. */
  readonly all: boolean;
}

/** What has to be read to see all objects of a target: single namespaces, or (undefined) everything at once. */
export function readsFor(target: Target, scope: NamespaceScope): readonly (string | undefined)[] {
  if (!target.resource.namespaced || scope.all || scope.selected.length > fewNamespaces) return [undefined];
  return scope.selected;
}

/**
 * Is the object in the ring's scope? Cluster-scoped objects always are, as for the API server's webhooks; only
 * Namespaces are selected by what they are themselves.
 */
export function isInScope(object: PartialObjectMetadata, selects: (namespace: string) => boolean): boolean {
  const { namespace = "", name } = object.metadata;
  if (namespace !== "") return selects(namespace);
  return object.kind === "Namespace" && object.apiVersion === "v1" ? selects(name) : true;
}
