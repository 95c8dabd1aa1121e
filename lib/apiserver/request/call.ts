import type { HttpMethods, JSONValue } from "../../k8s/contract.ts";
import type { User, UserInfo } from "../authentication/user_info.ts";

/** A request as the handlers see it, whichever face it came through. */
export interface Call {
  readonly method: HttpMethods;
  readonly path: string;
  readonly query: URLSearchParams;
  /** Media type of the body, without parameters. */
  readonly contentType: string;
  readonly accept: string;
  readonly body: Body;
  readonly user: UserInfo;
  /** Whom the user wants to be taken for. */
  readonly impersonate?: User;
  /** Knows the tokens of the face that the request came through, for TokenReviews. */
  readonly authenticate?: (token: string) => User | undefined;
  /** Names the field manager of writes that do not name one. */
  readonly userAgent: string;
  readonly signal: AbortSignal | undefined;
  /** Takes what the client is to be warned of, besides the warnings of the answer. */
  readonly warn?: (warning: string) => void;
}

/** The body of a request: text, or a value that nobody else holds. Undefined when there is none. */
export type Body =
  | { readonly text: string }
  | { readonly value: JSONValue }
  /** Of a media type that nobody reads. */
  | { readonly unreadable: string }
  | undefined;

/** What is answered. */
export type Answer =
  | {
    readonly type: "value";
    readonly code: number;
    readonly value: JSONValue;
    /** What the client is to be warned of (header Warning). */
    readonly warnings?: readonly string[];
  }
  | { readonly type: "text"; readonly code: number; readonly text: string }
  | {
    readonly type: "stream";
    readonly code: number;
    readonly contentType: string;
    /** Whoever gets it reads it to the end, or cancels it. */
    readonly body: ReadableStream<Uint8Array>;
  }
  | { readonly type: "watch"; readonly events: WatchSource };

/** A watch under way: texts of events, one by one. */
export interface WatchSource extends Disposable {
  /** The next event as JSON text; undefined at the end. */
  next(): Promise<string | undefined>;
}
