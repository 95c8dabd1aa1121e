import type { Api } from "../../k8s/api/api.ts";
import type { SelectorOptions } from "../../k8s/api/options.ts";
import { formatGroupResource } from "../../k8s/api/resource.ts";
import type { KubeObject } from "../../k8s/types.ts";
import type { Clock } from "../../util/clock/mod.ts";
import type { Logger } from "../../util/log.ts";
import type { Random } from "../../util/random.ts";
import type { WatchObserver } from "./observer.ts";
import type { WatchSource } from "./watch_error.ts";

/** Options of a watcher. All times are in milliseconds. */
export interface WatcherOptions<T extends KubeObject> extends SelectorOptions {
  /** Time of pauses and limits. */
  readonly clock: Clock;
  /** Jitter of pauses and of the lengths of watches. */
  readonly random: Random;
  /**
   * Changes each object as it comes, to keep less of it; it must return a new object. When it throws, the object
   * counts as invalid: that is reported, and the collection listed again.
   */
  readonly transform?: (object: T) => T;
  /**
   * The server is asked to end each watch after about this time (10 % more or less, so that watches do not end
   * together). A connection that is silent for 5 s longer is given up, so a shorter time finds a half-open connection
   * sooner. @default 290_000
   */
  readonly watchTimeout?: number;
  /** A list is given up when nothing comes for so long: no page, or no event of a streaming list. @default 30_000 */
  readonly listTimeout?: number;
  /** Objects in a page of a list. @default 500 */
  readonly pageSize?: number;
  /**
   * Where watching is forbidden, the collection is listed again every so often, each time as a complete account; the
   * watch is tried again every minute. @default then nothing is known until watching is allowed
   */
  readonly pollPeriod?: number;
  /** Is told what happens, for metrics. Failures are logged in any case. */
  readonly observer?: WatchObserver;
  /** Hears of failures. @default the logger `sharding.watch` */
  readonly logger?: Logger;
}

/** The selectors among the options. */
export function selectorsOf({ labelSelector, fieldSelector }: SelectorOptions): SelectorOptions {
  return {
    ...(labelSelector === undefined ? {} : { labelSelector }),
    ...(fieldSelector === undefined ? {} : { fieldSelector }),
  };
}

/** How reports name the collection. */
export function sourceOf<T extends KubeObject>(api: Api<T>, options: SelectorOptions): WatchSource {
  const { group, plural } = api.resource;
  return {
    resource: formatGroupResource({ group, resource: plural }),
    ...(api.namespace === undefined ? {} : { namespace: api.namespace }),
    ...selectorsOf(options),
  };
}
