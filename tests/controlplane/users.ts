/** A user whom the API server knows by a token (static token file). */
export interface TokenUser {
  /** For example `system:serviceaccount:sharding-system:sharder`. */
  readonly name: string;
  /**
   * Groups, for example `system:serviceaccounts` and `system:serviceaccounts:sharding-system`.
   * `system:authenticated` is added by the API server.
   *
   * @default {[]}
   */
  readonly groups?: readonly string[];
  /** @default {"" + position in the file} */
  readonly uid?: string;
  /** Bearer token. */
  readonly token: string;
}

/** A user's way in. */
export interface UserAccess {
  readonly name: string;
  /** Absolute path of a kubeconfig file for this user. */
  readonly kubeconfigPath: string;
  /** Content of that file. */
  readonly kubeconfig: string;
}

/** A user with a bearer token. */
export interface TokenUserAccess extends UserAccess {
  readonly token: string;
}

/** A user with a client certificate; both PEM. */
export interface CertificateUserAccess extends UserAccess {
  readonly certificate: string;
  readonly key: string;
}

/** Contents for `--token-auth-file`: CSV with token, user, uid and groups, every field quoted. */
export function tokenFile(users: readonly TokenUser[]): string {
  return users.map(({ name, groups = [], uid, token }, index) =>
    [token, name, uid ?? `${index}`, groups.join(",")].map(quote).join(",") + "\n"
  ).join("");
}

/** Groups of a service account, as its own tokens would carry them. */
export function serviceAccountUser(namespace: string, name: string): { name: string; groups: string[] } {
  return {
    name: `system:serviceaccount:${namespace}:${name}`,
    groups: ["system:serviceaccounts", `system:serviceaccounts:${namespace}`],
  };
}

function quote(field: string): string {
  return `"${field.replaceAll('"', '""')}"`;
}
