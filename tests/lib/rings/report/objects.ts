import type { ObjectMeta } from "../../../../lib/k8s/types.ts";
import { type ObjectKind, type ShardedObject, shardedObject } from "../../../../lib/rings/report/mod.ts";
import { drainLabel, shardLabel } from "../../../../lib/sharding/names.ts";
import type { ControllerRing } from "../../../../lib/sharding/ring_types.ts";

export const secretKind: ObjectKind = { group: "", resource: "secrets", kind: "Secret", role: "main" };
export const configMapKind: ObjectKind = { group: "", resource: "configmaps", kind: "ConfigMap", role: "controlled" };

/** A ring of Secrets with their ConfigMaps. */
export const checksumRing: ControllerRing = {
  apiVersion: "sharding.timebertt.dev/v1alpha1",
  kind: "ControllerRing",
  metadata: { name: "ring" },
  spec: {
    resources: [{ group: "", resource: "secrets", controlledResources: [{ group: "", resource: "configmaps" }] }],
  },
};

/** Labels of an object of the ring. */
export function labels(shard: string, draining = false): Record<string, string> {
  return { [shardLabel("ring")]: shard, ...(draining ? { [drainLabel("ring")]: "true" } : {}) };
}

/** A Secret as a report sees it. */
export function secret(name: string, shard = "", draining = false): ShardedObject {
  return read(secretKind, { name, namespace: "default", ...(shard === "" ? {} : { labels: labels(shard, draining) }) });
}

/** A ConfigMap as a report sees it; `owner` is the Secret that controls it. */
export function configMap(name: string, owner: string | undefined, shard = ""): ShardedObject {
  return read(configMapKind, {
    name,
    namespace: "default",
    ...(shard === "" ? {} : { labels: labels(shard) }),
    ...(owner === undefined
      ? {}
      : { ownerReferences: [{ apiVersion: "v1", kind: "Secret", name: owner, uid: "u", controller: true }] }),
  });
}

function read(kind: ObjectKind, metadata: ObjectMeta & { readonly name: string }): ShardedObject {
  return shardedObject("ring", kind, { apiVersion: "v1", kind: kind.kind, metadata });
}
