import { stringify } from "yaml";

/** How somebody proves to the API server who they are. */
export type Credentials =
  | { readonly token: string }
  | { readonly certificate: string; readonly key: string };

/** What a kubeconfig file for one user and one cluster says. */
export interface KubeconfigContent {
  /** URL of the API server. */
  readonly server: string;
  /** Certificate authority to verify it with, PEM. */
  readonly certificateAuthority: string;
  /** Name of the user entry; the real user is in the credentials. */
  readonly user: string;
  readonly credentials: Credentials;
}

/** A kubeconfig file as YAML, everything inline, its one context in namespace `default`. */
export function kubeconfig(content: KubeconfigContent): string {
  const { server, certificateAuthority, user, credentials } = content;
  return stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": "controlplane",
    clusters: [{
      name: "controlplane",
      cluster: { server, "certificate-authority-data": base64(certificateAuthority) },
    }],
    users: [{
      name: user,
      user: "token" in credentials ? { token: credentials.token } : {
        "client-certificate-data": base64(credentials.certificate),
        "client-key-data": base64(credentials.key),
      },
    }],
    contexts: [{ name: "controlplane", context: { cluster: "controlplane", user, namespace: "default" } }],
  });
}

function base64(text: string): string {
  return new TextEncoder().encode(text).toBase64();
}
