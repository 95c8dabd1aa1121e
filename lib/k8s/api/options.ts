import type { ObjectMeta } from "../types.ts";

/** What every request takes. */
export interface CallOptions {
  /** Gives the request up when it aborts. */
  readonly signal?: AbortSignal;
}

/** Options of a read of one object. */
export interface GetOptions extends CallOptions {
  /** "0" takes any state that the server has at hand; without it the read is consistent. */
  readonly resourceVersion?: string;
}

/** Which objects of a collection. */
export interface SelectorOptions {
  /** As in `kubectl -l`, such as `app=web,tier notin (cache)`. */
  readonly labelSelector?: string;
  /** Such as `metadata.name=foo`; which fields there are depends on the resource. */
  readonly fieldSelector?: string;
}

/** Options of a list. */
export interface ListOptions extends CallOptions, SelectorOptions {
  /** At most so many objects in one answer. */
  readonly limit?: number;
  /** Goes on where the last page ended. */
  readonly continueToken?: string;
  /** "0" takes any state, another one a state not older than it; without it the read is consistent. */
  readonly resourceVersion?: string;
  /** How `resourceVersion` is meant: exactly this state, or one not older. @default "NotOlderThan", by and large */
  readonly resourceVersionMatch?: "Exact" | "NotOlderThan";
}

/** Options of a list in pages. */
export interface PageOptions extends CallOptions, SelectorOptions {
  /** Objects a page. @default 500 */
  readonly limit?: number;
  /**
   * When the server no longer knows the state of the first page: "resume" goes on after the last key with newer
   * state, "fail" throws the ApiError. @default "fail"
   */
  readonly onExpired?: "resume" | "fail";
}

/** Options of a watch. */
export interface WatchOptions extends CallOptions, SelectorOptions {
  /** Sends what changed after this version; without it, the state is sent first as ADDED events. */
  readonly resourceVersion?: string;
  /** Asks for the initial objects in the stream, ended by an annotated bookmark (streaming list, KEP-3157). */
  readonly sendInitialEvents?: boolean;
  /** Lets the server tell from time to time how far the watch has come. @default true */
  readonly allowBookmarks?: boolean;
  /** The server ends the watch after so many seconds. */
  readonly timeoutSeconds?: number;
}

/** Options of every write. */
export interface WriteOptions extends CallOptions {
  /** Validates and admits, but stores nothing. */
  readonly dryRun?: boolean;
  /** Who owns the written fields. @default the one of the Api */
  readonly fieldManager?: string;
}

/** Options of a server-side apply (KEP-555). */
export interface ApplyOptions extends WriteOptions {
  /** Takes fields from other managers instead of failing with a conflict. @default false */
  readonly force?: boolean;
}

/** Options of a deletion. */
export interface DeleteOptions extends CallOptions {
  /** Validates and admits, but deletes nothing. */
  readonly dryRun?: boolean;
  /** Deletes only this very object; 409 when it has another uid or resourceVersion. */
  readonly preconditions?: Pick<ObjectMeta, "uid" | "resourceVersion">;
  /**
   * What becomes of its dependents: they stay, go afterwards, or go first.
   * @default that of the resource, mostly "Background"
   */
  readonly propagationPolicy?: "Orphan" | "Background" | "Foreground";
  /** Seconds that the object's owner gets to end; 0 deletes at once. */
  readonly gracePeriodSeconds?: number;
}

/** Query parameters of a list or watch. */
export function selectorQuery(options: SelectorOptions): URLSearchParams {
  const query = new URLSearchParams();
  setIfGiven(query, "labelSelector", options.labelSelector);
  setIfGiven(query, "fieldSelector", options.fieldSelector);
  return query;
}

/** Sets a query parameter that has a value. */
export function setIfGiven(query: URLSearchParams, name: string, value: string | number | boolean | undefined): void {
  if (value !== undefined && value !== "") query.set(name, String(value));
}
