/** A certificate and its key with which a client proves who it is, both PEM. */
export interface ClientCertificate {
  /** The certificate with its chain, PEM. */
  readonly certificate: string;
  /** Its private key, PEM. */
  readonly key: string;
}

/** How one request proves who sends it. Nothing at all is the anonymous user. */
export interface UserIdentity {
  /** Value of the Authorization header. */
  readonly authorization?: string;
  /** Shown in the TLS handshake. */
  readonly certificate?: ClientCertificate;
}

/** A user's credentials, which may change while the program runs. */
export interface Credentials {
  /**
   * The identity to use now. Asked before each request, so it answers from memory while that is fresh.
   * @throws CredentialsError when there is none to be had.
   */
  identify(signal?: AbortSignal): Promise<UserIdentity>;
  /** The server answered 401 to this identity: the next `identify()` looks for a newer one. */
  refused(identity: UserIdentity): void;
}

/** Everything needed to talk to one API server as one user. */
export interface ClusterAccess {
  /** URL of the API server, perhaps with a path, without a slash at the end. */
  readonly server: string;
  /** Certificate authorities, PEM, that the server's certificate may be signed by besides those of the machine. */
  readonly certificateAuthority?: string;
  /** The name that the server's certificate must have instead of the URL's host. */
  readonly tlsServerName?: string;
  /** Accept any certificate of the server: for experiments only. */
  readonly insecureSkipTlsVerify?: boolean;
  /** URL of an HTTP, HTTPS or SOCKS5 proxy. */
  readonly proxyUrl?: string;
  /** Ask for uncompressed answers. */
  readonly disableCompression?: boolean;
  /** Speak HTTP/1.1 only (environment variable DISABLE_HTTP2). */
  readonly disableHttp2?: boolean;
  /** Namespace that the user's configuration selects. */
  readonly namespace: string;
  /** Headers that make the server act as another user (impersonation). */
  readonly impersonation?: readonly (readonly [name: string, value: string])[];
  /** Who asks. */
  readonly credentials: Credentials;
  /** Where this came from, for messages: files and context, or the pod. */
  readonly source: string;
}

/** No credentials to be had: a file that cannot be read, a plugin that failed. The message names the remedy. */
export class CredentialsError extends Error {
  /** Tells it from other errors. */
  override readonly name = "CredentialsError";
}

/** Credentials that never change, such as a token from a test; without arguments the anonymous user's. */
export function staticCredentials(identity: UserIdentity = {}): Credentials {
  return { identify: () => Promise.resolve(identity), refused: () => undefined };
}
