import { isOptionalStringMap, type Resource } from "../api/resource.ts";
import type { ConfigMap, KubeObject, Namespace, Secret } from "../types.ts";

/** Secrets of the core group. */
export const secrets: Resource<Secret> = {
  group: "",
  version: "v1",
  plural: "secrets",
  kind: "Secret",
  namespaced: true,
  is: (object: KubeObject & { data?: unknown }): object is Secret => isOptionalStringMap(object.data),
};

/** ConfigMaps of the core group. */
export const configMaps: Resource<ConfigMap> = {
  group: "",
  version: "v1",
  plural: "configmaps",
  kind: "ConfigMap",
  namespaced: true,
  is: (object: KubeObject & { data?: unknown }): object is ConfigMap => isOptionalStringMap(object.data),
};

/** Namespaces. */
export const namespaces: Resource<Namespace> = {
  group: "",
  version: "v1",
  plural: "namespaces",
  kind: "Namespace",
  namespaced: false,
  is: (_object): _object is Namespace => true,
};
