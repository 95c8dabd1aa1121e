import { type ClusterAccess, CredentialsError } from "./cluster_access.ts";
import { checkCertificate } from "./files.ts";
import { KubeconfigError } from "./kubeconfig_error.ts";
import { type CredentialParts, rotatingToken } from "./user_credentials.ts";

/** Where a pod finds its service account (Kubernetes documentation, "Accessing the API from a Pod"). */
const folder = "/var/run/secrets/kubernetes.io/serviceaccount";

/**
 * The access of the pod that this process runs in; undefined when it runs in none.
 * @throws KubeconfigError when it is a pod without a usable service account
 */
export async function inClusterAccess(parts: CredentialParts): Promise<ClusterAccess | undefined> {
  const { host } = parts;
  const address = host.env("KUBERNETES_SERVICE_HOST");
  const port = host.env("KUBERNETES_SERVICE_PORT");
  if (!address || !port) return undefined;
  const remedy = "does the pod set automountServiceAccountToken to false?";
  async function readToken(): Promise<string> {
    const token = (await host.readTextFile(`${folder}/token`))?.trim();
    if (!token) throw new CredentialsError(`in-cluster configuration: ${folder}/token is missing or empty: ${remedy}`);
    return token;
  }
  try {
    await readToken();
  } catch (cause) {
    const message = `in-cluster configuration: no token in ${folder}/token, although KUBERNETES_SERVICE_HOST is set`;
    throw new KubeconfigError(`${message}: ${remedy}`, { cause });
  }
  const authority = await host.readTextFile(`${folder}/ca.crt`);
  const place = { file: folder, path: "in-cluster configuration" };
  return {
    // An IPv6 address stands in brackets.
    server: `https://${address.includes(":") ? `[${address}]` : address}:${port}`,
    ...(authority === undefined ? {} : { certificateAuthority: checkCertificate(place, "ca.crt", authority) }),
    namespace: (await host.readTextFile(`${folder}/namespace`))?.trim() || "default",
    credentials: rotatingToken(readToken, parts),
    source: "the pod's service account",
  };
}
