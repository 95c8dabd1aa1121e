import type { Resource } from "../k8s/api/resource.ts";
import type { KubeObject } from "../k8s/types.ts";
import type { User } from "../apiserver/mod.ts";
import type { LogLevel } from "../util/log.ts";

/** Settings of a `TestStage`. */
export interface TestStageOptions {
  /**
   * Where all random numbers come from (uids, names, jitter, latencies). The same test with the same seed does the
   * same. @default 1
   */
  readonly seed?: number;
  /** When the time begins: milliseconds since the Unix epoch, or as ISO 8601. @default "2026-01-01T00:00:00Z" */
  readonly start?: number | string;
  /** Longest time that a request of a process takes to the server, in milliseconds; each takes a random part. @default 10 */
  readonly latency?: number;
  /** Keep all requests for `requests()`? A simulation of hours has too many. @default true */
  readonly rememberRequests?: boolean;
  /** The lowest level of the log lines that are kept. @default "info" */
  readonly logLevel?: LogLevel;
  /** How the API server behaves. */
  readonly server?: ServerSettings;
}

/** Settings of a stage's API server. */
export interface ServerSettings {
  /** Delete the dependents of deleted objects, as kube-controller-manager does. @default true */
  readonly collectGarbage?: boolean;
  /** How many changes of each resource watches and old lists may reach back to. @default 10_000 */
  readonly historyLimit?: number;
  /** How many changes a watch may lag behind before it is cut. @default 4_096 */
  readonly watchBuffer?: number;
}

/** A stage's API server, as a person at its machine has it. */
export interface StageServer {
  /** resourceVersion of the last change, as a number. */
  readonly revision: number;
  /** Forgets all history: watches and lists from older resourceVersions get 410, as after a compaction of etcd. */
  compact(): void;
  /**
   * Calls back in the very turn in which an object of the resource changes, before any process hears of it; with
   * undefined for an object that was not there before, or is not any more. Dispose of the result to end it.
   */
  observe<T extends KubeObject>(
    resource: Resource<T>,
    listener: (previous: T | undefined, next: T | undefined) => void,
  ): Disposable;
}

/** Who opens a connection of the test's own. */
export interface ClientSettings {
  /** A name is that of an administrator. @default an administrator */
  readonly user?: string | User;
  /** How it introduces itself. @default "test" */
  readonly userAgent?: string;
}

/** Settings of a process. */
export interface ProcessSettings {
  /** Whose rights it has: a name is that of an administrator. @default its own name */
  readonly user?: string | User;
  /** Milliseconds that its wall clock is ahead. @default 0 */
  readonly skew?: number;
}

/** For how long to wait, in milliseconds of the stage's time. */
export interface WaitOptions {
  /** How long to wait for it, in milliseconds. @default 60_000 */
  readonly within?: number;
}
