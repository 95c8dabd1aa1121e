import type { JSONValue } from "../../lib/k8s/contract.ts";
import type { Clock } from "../../lib/util/clock/mod.ts";
import type { RequestIntercept } from "../../testing.ts";
import { type Circumstances, withInstall } from "./circumstances.ts";
import { type Lag, lateStream } from "./late_stream.ts";
import { play } from "./run.ts";
import type { Scenario } from "./scenarios.ts";

/** All lags that are tried. */
export const lags: readonly Lag[] = [1, 10, "relist"];

/** A cache that is behind. */
export interface Staleness {
  readonly process: string;
  /** What the cache is of; see {@link streamOf}. */
  readonly stream: string;
  readonly lag: Lag;
}

/** What a watch is for, as `secrets without a live owner`. */
export function streamOf(path: string, query: URLSearchParams): string {
  const selector = `${query.get("labelSelector") ?? ""} ${query.get("fieldSelector") ?? ""}`.trim();
  return [path.slice(path.lastIndexOf("/") + 1), ...kindOf(selector)].join(" ");
}

function kindOf(selector: string): readonly string[] {
  if (selector === "") return [];
  if (selector.includes("notin")) return ["without a live owner"];
  if (selector.startsWith("drain.")) return ["draining"];
  return /=shard-\d+/.test(selector) ? ["of the shard"] : ["selected"];
}

/** All caches that there are in a scenario: each watch of each process. */
export async function cachesIn(scenario: Scenario): Promise<readonly Omit<Staleness, "lag">[]> {
  const found = new Map<string, Omit<Staleness, "lag">>();
  await play(scenario.history, {
    endings: false,
    circumstances: withInstall(scenario, (stage) =>
      stage.onRequest(({ process, verb, path, query }) => {
        if (verb !== "watch") return;
        const stream = streamOf(path, new URLSearchParams(query));
        found.set(`${process} ${stream}`, { process, stream });
      })),
  });
  return [...found].sort(([left], [right]) => left < right ? -1 : 1).map(([, cache]) => cache);
}

/** The circumstances in which a cache is behind until all faults end, and then catches up. */
export function lagging(scenario: Scenario, staleness: Staleness): Circumstances {
  return withInstall(scenario, (stage) => {
    const caughtUp = new AbortController();
    stage.interceptRequests(holdBack(stage.clock, staleness, caughtUp.signal));
    return { [Symbol.dispose]: () => caughtUp.abort() };
  });
}

function holdBack(clock: Clock, { process, stream, lag }: Staleness, caughtUp: AbortSignal): RequestIntercept {
  return async (sender, request, next) => {
    const answer = await next(request);
    const { path, querystring = new URLSearchParams(), abortSignal } = request;
    const isIts = sender === process && querystring.get("watch") === "true" && streamOf(path, querystring) === stream;
    if (!isIts || caughtUp.aborted || !(answer instanceof ReadableStream)) return answer;
    const source: ReadableStream<JSONValue | Uint8Array> = answer;
    const isListed = querystring.get("sendInitialEvents") !== "true";
    return lateStream(source, { clock, lag, isListed, caughtUp, aborted: abortSignal });
  };
}
