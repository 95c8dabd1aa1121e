import { stringify } from "yaml";

/** What a kubeconfig file for one user says. */
export interface KubeconfigOptions {
  /** URL of the server. */
  readonly server: string;
  /** Authority that issued its certificate, PEM; undefined with plain HTTP. */
  readonly certificateAuthority: string | undefined;
  /** Name of the user's entry. */
  readonly user: string;
  /** Bearer token; undefined when the server asks for none. */
  readonly token: string | undefined;
  /** Namespace of commands that name none. @default "default" */
  readonly namespace?: string;
}

/** A kubeconfig file (YAML) with everything in it. */
export function kubeconfigFor(options: KubeconfigOptions): string {
  const { server, certificateAuthority, user, token, namespace = "default" } = options;
  const trust = certificateAuthority === undefined ? {} : {
    "certificate-authority-data": new TextEncoder().encode(certificateAuthority).toBase64(),
  };
  return stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": "in-memory",
    clusters: [{ name: "in-memory", cluster: { server, ...trust } }],
    users: [{ name: user, user: token === undefined ? {} : { token } }],
    contexts: [{ name: "in-memory", context: { cluster: "in-memory", user, namespace } }],
  });
}
