import { isIP } from "node:net";
import type { ServerNames } from "../../lib/certificates/mod.ts";
import type { WebhookClientConfig } from "../../lib/k8s/types.ts";
import { systemNamespace } from "../../lib/sharding/names.ts";

/** By what API servers call the webhook: the host of its URL, or the names of its service. */
export function serverNames({ url, service }: WebhookClientConfig): ServerNames {
  if (url === undefined || url === "") {
    // The second is what API servers ask for; the others are for people.
    const name = `${service?.name || "sharder"}.${service?.namespace || systemNamespace}`;
    return { dnsNames: [name, `${name}.svc`, `${name}.svc.cluster.local`] };
  }
  const host = new URL(url).hostname.replace(/^\[(.*)\]$/, "$1");
  return isIP(host) === 0 ? { dnsNames: [host] } : { ipAddresses: [host] };
}
