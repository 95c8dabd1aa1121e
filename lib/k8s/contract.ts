/**
 * What the rest of the code needs of a connection to an API server. Structurally the contract of cloudydeno's
 * kubernetes client 0.8, so its generated API classes run on our clients and ours on theirs.
 */

/** HTTP methods that the Kubernetes API uses. */
export type HttpMethods = "GET" | "POST" | "DELETE" | "PUT" | "PATCH" | "OPTIONS" | "HEAD";

/** One request. At most one of the three bodies is given. */
export interface RequestOptions {
  /** HTTP method. */
  method: HttpMethods;
  /** Path from the server's root, such as `/api/v1/namespaces/default/secrets`, already percent-encoded. */
  path: string;
  /** Query parameters. */
  querystring?: URLSearchParams;
  /** Gives the request up, or ends its stream, when it aborts. */
  abortSignal?: AbortSignal;

  /** Media type of the body. @default "application/json" with `bodyJson` */
  contentType?: string;
  /** A body of bytes. */
  bodyRaw?: Uint8Array;
  /** A body that is sent as JSON. */
  bodyJson?: JSONValue;
  /** A body that is sent as it comes. */
  bodyStream?: ReadableStream<Uint8Array>;

  /** Value of the Accept header. @default "application/json" with `expectJson` */
  accept?: string;
  /** Subprotocols of a tunnel (exec, attach, port-forward). */
  expectTunnel?: string[];
  /** The answer is wanted as it arrives. With `expectJson`: one value per line. */
  expectStream?: boolean;
  /** The answer is parsed as JSON. */
  expectJson?: boolean;

  /**
   * Ours; other clients ignore it. Called right before each attempt goes out, after all that the client may have to
   * wait for (its rate limit, fresh credentials, Retry-After). What it throws fails the request, unsent.
   */
  beforeSend?: () => void;
}

/** A two-way connection through the API server. */
export interface KubernetesTunnel extends Disposable {
  /** What carries the channels. */
  readonly transportProtocol: "SPDY" | "WebSocket" | "Opaque";
  /** The one of the asked subprotocols that the server chose. */
  readonly subProtocol: string;
  /** Bytes of a channel that come from the server. */
  getReadableStream(
    ids: { index?: number; spdyHeaders?: Record<string, string | number> },
  ): ReadableStream<Uint8Array>;
  /** Takes bytes for a channel to the server. */
  getWritableStream(
    ids: { index?: number; spdyHeaders?: Record<string, string | number> },
  ): WritableStream<Uint8Array>;
  /** Called once after the first channels were created. */
  whenReady(): Promise<void>;
  /** Closes all channels and the connection. */
  close(): Promise<void>;
}

/** A connection to one API server as one user. Requests reject with an ApiError when the server answers with a failure. */
export interface RestClient extends Disposable {
  /** Opens a two-way connection, as exec, attach and port-forward have it. */
  performRequest(opts: RequestOptions & { expectTunnel: string[] }): Promise<KubernetesTunnel>;
  /** Sends a request whose answer comes value by value, such as a watch. */
  performRequest(opts: RequestOptions & { expectStream: true; expectJson: true }): Promise<ReadableStream<JSONValue>>;
  /** Sends a request whose answer is wanted byte by byte as it arrives, such as a log. */
  performRequest(opts: RequestOptions & { expectStream: true }): Promise<ReadableStream<Uint8Array>>;
  /** Sends a request whose answer is one JSON value. */
  performRequest(opts: RequestOptions & { expectJson: true }): Promise<JSONValue>;
  /** Sends a request and gives the bytes of its answer. */
  performRequest(opts: RequestOptions): Promise<Uint8Array>;
  /** Namespace that the user's configuration selects. */
  defaultNamespace?: string;
  /** The same as disposing of it. */
  close?(): void;
}

/** What JSON can hold in one place; `undefined` stands for an absent field. */
export type JSONPrimitive = string | number | boolean | null | undefined;
/** Anything that JSON can hold. */
export type JSONValue = JSONPrimitive | JSONObject | JSONArray;
/** A JSON object. */
export type JSONObject = { [key: string]: JSONValue };
/** A JSON array. */
export type JSONArray = JSONValue[];

/** An object that names its kind. */
export type ApiKind = { apiVersion: string; kind: string };

/** One line of a watch stream. */
export type WatchEvent<T, U> = WatchEventObject<T> | WatchEventError<U> | WatchEventBookmark;
/** An object came, changed or went. */
export type WatchEventObject<T> = { "type": "ADDED" | "MODIFIED" | "DELETED"; "object": T };
/** The watch cannot go on. */
export type WatchEventError<U> = { "type": "ERROR"; "object": U };
/** Everything up to this resourceVersion was sent. */
export type WatchEventBookmark = { "type": "BOOKMARK"; "object": { metadata: { resourceVersion: string } } };
