import { parse as parseYaml } from "yaml";
import type { JSONObject, JSONValue } from "../../lib/k8s/contract.ts";

/** A request as it goes over the wire. */
export interface WireRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly path: string;
  readonly query: URLSearchParams;
  readonly contentType?: string;
  readonly accept?: string;
  readonly body?: string;
  /** @default the administrator */
  readonly user?: "limited";
}

/** What came back. */
export interface WireAnswer {
  readonly code: number;
  readonly body: JSONValue;
  /** What the client is warned of. */
  readonly warnings: readonly string[];
}

/** Reads a response. */
export async function readAnswer(response: Response): Promise<WireAnswer> {
  const warnings = response.headers.get("warning");
  return {
    code: response.status,
    body: parse(await response.text(), response.headers.get("content-type") ?? ""),
    warnings: warnings === null ? [] : warnings.split(/, (?=299 )/),
  };
}

function parse(text: string, contentType: string): JSONValue {
  try {
    return contentType.includes("yaml") ? parseYaml(text) : JSON.parse(text);
  } catch {
    return text;
  }
}

/** A watch that is under way; it collects its events. */
export interface Watching {
  readonly events: readonly JSONValue[];
  /** Waits until there are this many events, or it has ended; gives up after a while. */
  reach(count: number): Promise<void>;
  stop(): Promise<void>;
}

/** One of the two servers. */
export interface Face extends AsyncDisposable {
  readonly name: string;
  send(request: WireRequest): Promise<WireAnswer>;
  /** Opens a watch; the answer when it is refused. */
  watch(request: WireRequest): Promise<Watching | WireAnswer>;
  /** Waits for what is done in the background after a request, until `done` holds or it will not come to be. */
  settle(done: () => Promise<boolean>): Promise<void>;
  /** Forgets all states but the current one, as a compaction of etcd does. */
  compact(): Promise<void>;
  /** The `clientConfig` of the scripted webhook. */
  readonly clientConfig: JSONObject;
  /** What the webhook was asked since the last call. */
  takeReviews(): readonly JSONObject[];
}

/** Is it a watch? */
export function isWatching(answer: Watching | WireAnswer): answer is Watching {
  return "events" in answer;
}
