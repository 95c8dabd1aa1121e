import type { SetData } from "../../lib/certificates/certificate_set.ts";
import type { Draft, Secret } from "../../lib/k8s/types.ts";
import { appName, appNameLabel } from "../../lib/sharding/names.ts";

/** Name of the Secret that the replicas share, in the namespace of the leader's Lease. */
export const secretName = "sharder-webhook-certificate";

/** Its type, which says that it is ours: nobody can change the type of a Secret. */
export const secretType = "sharding.timebertt.dev/webhook-certificate";

const keys = ["tls.crt", "tls.key", "ca.crt", "ca.key"] as const;

/** The Secret before it holds anything. To be applied: whoever comes second changes nothing. */
export function emptySecret(namespace: string): Draft<Secret> {
  return { metadata: { name: secretName, namespace, labels: { [appNameLabel]: appName } }, type: secretType };
}

/** Why a Secret is not ours to write; undefined when it is ours. */
export function whyForeign({ metadata, type = "Opaque" }: Secret): string | undefined {
  if (type !== secretType) return `its type is ${type} and not ${secretType}`;
  return metadata.labels?.[appNameLabel] === appName ? undefined : `it has no label ${appNameLabel}: ${appName}`;
}

/** What the Secret holds. A value that is no text counts as damaged text. */
export function dataOf({ data = {} }: Secret): SetData {
  const present = keys.flatMap((key) => {
    const value = data[key];
    return value === undefined ? [] : [[key, decode(value)] as const];
  });
  return Object.fromEntries(present);
}

/** The Secret with other values; what else is in it stays. */
export function withData(secret: Secret, values: SetData): Secret {
  const kept = Object.entries(secret.data ?? {}).filter(([key]) => !keys.some((ours) => ours === key));
  const written = keys.flatMap((key) => {
    const value = values[key];
    return value === undefined ? [] : [[key, btoa(value)] as const];
  });
  return { ...secret, data: Object.fromEntries([...kept, ...written]) };
}

function decode(value: string): string {
  try {
    return atob(value);
  } catch {
    return value;
  }
}
