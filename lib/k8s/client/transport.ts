import type { HttpMethods } from "../contract.ts";
import type { ClientCertificate } from "../kubeconfig/cluster_access.ts";
import type { Header } from "./common_headers.ts";

/** One HTTP request, complete with its credentials. */
export interface TransportRequest {
  readonly method: HttpMethods;
  readonly url: string;
  /** Names may be there more than once. */
  readonly headers: Header[];
  readonly body?: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>;
  /** Gives up the request, or the body of its answer. */
  readonly signal: AbortSignal;
  /** The answer may go on for a long time, as that to a watch. @default false */
  readonly stream?: boolean;
  /** Calls back once when the request is over, with all of its answer. */
  readonly whenOver: (callback: () => void) => void;
}

/** Sends HTTP requests to one server. */
export interface Transport {
  /**
   * Resolves when the head of the answer has come.
   * @param identity proves the client; when it changes, connections under another one are not used any more.
   * @throws whatever the runtime says of a failed connection; the signal's reason after an abort.
   */
  send(request: TransportRequest, identity: ClientCertificate | undefined): Promise<Response>;
  /** Uses new connections from now on: those it has may be dead without the operating system knowing. */
  renew(): void;
  /** Gives back idle connections. Requests under way go on until their signals abort. */
  close(): void;
}

/** How the server is verified and reached. */
export interface TransportOptions {
  /** Certificate authorities, PEM, trusted besides those of the machine. */
  readonly certificateAuthority?: string;
  /** The name that the server's certificate must have instead of the URL's host. */
  readonly tlsServerName?: string;
  /** Accept any certificate of the server. */
  readonly insecureSkipTlsVerify?: boolean;
  /** URL of an HTTP, HTTPS or SOCKS5 proxy. */
  readonly proxyUrl?: string;
  /** Offer HTTP/2. @default true */
  readonly http2?: boolean;
}
