import { type ClusterAccess, CredentialsError, type UserIdentity } from "../kubeconfig/cluster_access.ts";

/** Name and value of a header. */
export type Header = [name: string, value: string];

/** What each request of a client says of it. Put together, and checked, only when the credentials are others. */
export class CommonHeaders {
  readonly #access: ClusterAccess;
  readonly #userAgent: string;
  #authorization: string | undefined;
  #headers: readonly Header[] | undefined;

  constructor(access: ClusterAccess, userAgent: string) {
    this.#access = access;
    this.#userAgent = userAgent;
  }

  /**
   * The headers of a request of this user. Names may be there more than once.
   * @throws CredentialsError when the credentials fit into no header.
   */
  of({ authorization }: UserIdentity): readonly Header[] {
    if (this.#headers === undefined || authorization !== this.#authorization) {
      this.#headers = this.#headersWith(authorization);
      this.#authorization = authorization;
    }
    return this.#headers;
  }

  #headersWith(authorization: string | undefined): readonly Header[] {
    const { disableCompression, impersonation = [], source } = this.#access;
    const headers: Header[] = [["user-agent", this.#userAgent]];
    if (disableCompression === true) headers.push(["accept-encoding", "identity"]);
    for (const [name, value] of impersonation) headers.push([name, value]);
    // Says what is wrong with one of them, which here is no secret.
    new Headers(headers);
    if (authorization === undefined) return headers;
    checkAuthorization(authorization, source);
    return [...headers, ["authorization", authorization]];
  }
}

function checkAuthorization(value: string, source: string): void {
  try {
    new Headers({ authorization: value });
  } catch {
    // Without the cause, which quotes the token.
    throw new CredentialsError(
      `the credentials of ${source} cannot be sent: the token or password holds a line break or another character ` +
        "that no HTTP header may have: correct it",
    );
  }
}
