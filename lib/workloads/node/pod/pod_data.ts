import { Api } from "../../../k8s/api/api.ts";
import type { RestClient } from "../../../k8s/contract.ts";
import { configMaps, secrets } from "../../../k8s/kinds/core.ts";
import type { KeyedData, PodData } from "./environment.ts";

/** Where every namespace of a cluster has the API server's certificate authority. */
const rootAuthority = "kube-root-ca.crt";

/**
 * Reads ConfigMaps and Secrets of a namespace from the API server.
 * @param certificateAuthority of the API server, PEM: stands in for `kube-root-ca.crt` where nobody publishes it.
 */
export function podData(
  client: RestClient,
  namespace: string,
  certificateAuthority: string | undefined,
  signal: AbortSignal,
): PodData {
  const encoder = new TextEncoder();
  return {
    async configMap(name): Promise<KeyedData | undefined> {
      const found = await new Api(client, configMaps, { namespace }).find(name, { signal });
      if (found === undefined) {
        if (name !== rootAuthority || certificateAuthority === undefined) return undefined;
        return { "ca.crt": encoder.encode(certificateAuthority) };
      }
      return {
        ...mapValues(found.data ?? {}, (text) => encoder.encode(text)),
        ...mapValues(found.binaryData ?? {}, (text) => Uint8Array.fromBase64(text)),
      };
    },
    async secret(name): Promise<KeyedData | undefined> {
      const found = await new Api(client, secrets, { namespace }).find(name, { signal });
      return found === undefined ? undefined : mapValues(found.data ?? {}, (text) => Uint8Array.fromBase64(text));
    },
  };
}

function mapValues<T>(map: Readonly<Record<string, string>>, change: (text: string) => T): Record<string, T> {
  return Object.fromEntries(Object.entries(map).map(([key, text]) => [key, change(text)]));
}
