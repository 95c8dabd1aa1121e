import { createHash } from "node:crypto";
import { type ConfigMap, controllerOf, type Draft, type Secret } from "../../../lib/k8s/types.ts";

/** Label of a ConfigMap of checksums: the name of its Secret. */
export const secretLabel = "secret";

/** Longest value of a label. */
const longestLabelValue = 63;

/** Name of the ConfigMap that holds a Secret's checksums. */
export function configMapName(secret: Secret): string {
  return `checksums-${secret.metadata.name}`;
}

/** The SHA-256 of each value of a Secret, in hexadecimal, under the same keys. */
export function checksumsOf(secret: Secret): Record<string, string> {
  return Object.fromEntries(
    Object.entries(secret.data ?? {}).map(([key, value]) => [
      key,
      createHash("sha256").update(Uint8Array.fromBase64(value)).digest("hex"),
    ]),
  );
}

/** A ConfigMap as it should be. */
export type WantedConfigMap = Draft<ConfigMap> & { readonly data: Record<string, string> };

/** The ConfigMap that a Secret should have. Its shard label is not ours to set: the sharder assigns it. */
export function wantedConfigMap(secret: Secret): WantedConfigMap {
  const { name, namespace = "", uid = "" } = secret.metadata;
  return {
    metadata: {
      name: configMapName(secret),
      namespace,
      // A Secret may have a longer name than a label value: such a ConfigMap goes without the label.
      ...(name.length <= longestLabelValue ? { labels: { [secretLabel]: name } } : {}),
      ownerReferences: [{ apiVersion: "v1", kind: "Secret", name, uid, controller: true }],
    },
    data: checksumsOf(secret),
  };
}

/** Is there nothing to do? What others added to the metadata does not matter; other data does. */
export function isAsWanted(configMap: ConfigMap, wanted: WantedConfigMap): boolean {
  const owner = controllerOf(configMap.metadata);
  const wantedOwner = controllerOf(wanted.metadata);
  return owner?.uid === wantedOwner?.uid && owner?.name === wantedOwner?.name &&
    configMap.metadata.labels?.[secretLabel] === wanted.metadata.labels?.[secretLabel] &&
    surplusKeys(configMap, wanted).length === 0 && Object.keys(configMap.binaryData ?? {}).length === 0 &&
    Object.entries(wanted.data).every(([key, checksum]) => configMap.data?.[key] === checksum);
}

/** Keys of the ConfigMap that the Secret does not have. */
export function surplusKeys(configMap: ConfigMap, wanted: WantedConfigMap): string[] {
  return Object.keys(configMap.data ?? {}).filter((key) => !Object.hasOwn(wanted.data, key));
}

/**
 * Whose ConfigMap it is: this Secret's; that of a Secret which had the same name before, and soon garbage; or
 * somebody else's.
 */
export function relationOf(configMap: ConfigMap, secret: Secret): "own" | "former" | "foreign" {
  const owner = controllerOf(configMap.metadata);
  if (owner?.kind !== "Secret" || owner.apiVersion !== "v1" || owner.name !== secret.metadata.name) return "foreign";
  return owner.uid === secret.metadata.uid ? "own" : "former";
}
