/** How pods reach the API server. */
export interface ApiServerAddress {
  /** `https://127.0.0.1:<port>`. */
  readonly url: string;
  /** Its certificate authority, PEM. */
  readonly certificateAuthority?: string;
}

/** Files that a pod's kubeconfig refers to, by absolute path. */
export interface PodAccessFiles {
  readonly token: string;
  /** Undefined for an API server without TLS. */
  readonly certificateAuthority: string | undefined;
}

/**
 * A kubeconfig for a pod: a local process has no /var/run/secrets of its own. The token stays in its file, which is
 * renewed. It is JSON, which is YAML too.
 */
export function podKubeconfig(server: ApiServerAddress, namespace: string, files: PodAccessFiles): string {
  const name = "in-cluster";
  const authority = files.certificateAuthority;
  const kubeconfig = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{
      name,
      cluster: { server: server.url, ...(authority === undefined ? {} : { "certificate-authority": authority }) },
    }],
    users: [{ name, user: { tokenFile: files.token } }],
    contexts: [{ name, context: { cluster: name, user: name, namespace } }],
    "current-context": name,
  };
  return `${JSON.stringify(kubeconfig, undefined, 2)}\n`;
}

/** The variables by which programs find the API server in a cluster. */
export function serviceVariables({ url }: ApiServerAddress): Readonly<Record<string, string>> {
  const { hostname, port, protocol } = new URL(url);
  const number = port === "" ? (protocol === "https:" ? "443" : "80") : port;
  return {
    KUBERNETES_SERVICE_HOST: hostname.replaceAll(/[[\]]/g, ""),
    KUBERNETES_SERVICE_PORT: number,
    KUBERNETES_SERVICE_PORT_HTTPS: number,
  };
}
