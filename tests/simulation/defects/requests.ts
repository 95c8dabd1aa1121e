import { isJsonObject } from "../../../lib/k8s/errors.ts";
import type { JSONObject, JSONValue, RequestOptions } from "../../../lib/k8s/contract.ts";
import type { DirectAnswer, RequestIntercept, TestStage } from "../../../testing.ts";

const shardPath = "/metadata/labels/shard.alpha.sharding.timebertt.dev~1ring";
const drainPath = "/metadata/labels/drain.alpha.sharding.timebertt.dev~1ring";

/** What a JSON patch of a request does to the ring's labels; undefined when the request is no JSON patch. */
export interface LabelPatch {
  readonly operations: readonly JSONObject[];
  /** Asks a shard to let go. */
  readonly drains: boolean;
  /** Lets go: removes both labels. */
  readonly acknowledges: boolean;
  /** Gives the object to a shard. */
  readonly assigns: boolean;
}

/** Reads the JSON patch of a request. */
export function labelPatchOf({ bodyJson, method }: RequestOptions): LabelPatch | undefined {
  if (method !== "PATCH" || !Array.isArray(bodyJson)) return undefined;
  const operations: readonly JSONValue[] = bodyJson;
  const objects = operations.filter(isJsonObject);
  const has = (op: string, path: string): boolean => objects.some((each) => each["op"] === op && each["path"] === path);
  return {
    operations: objects,
    drains: has("add", drainPath),
    acknowledges: has("remove", drainPath) && has("remove", shardPath),
    assigns: has("add", shardPath) || has("add", "/metadata/labels"),
  };
}

/** An operation that gives an object to a shard. */
export function assignTo(shard: string): JSONObject {
  return { op: "add", path: shardPath, value: shard };
}

/** Lets the requests of shards, or of sharders, go through a function. */
export function intercept(
  who: "shard-" | "sharder-",
  change: (request: RequestOptions, next: Next, process: string) => Promise<DirectAnswer>,
): (stage: TestStage) => void {
  const handle: RequestIntercept = (process, request, next) =>
    process.startsWith(who) ? change(withJsonBody(request), next, process) : next(request);
  return (stage) => void stage.interceptRequests(handle);
}

/** The same request, with a body that can be read. */
function withJsonBody(request: RequestOptions): RequestOptions {
  const { bodyRaw, ...rest } = request;
  if (bodyRaw === undefined) return request;
  const bodyJson: JSONValue = JSON.parse(new TextDecoder().decode(bodyRaw));
  return { ...rest, bodyJson };
}

/** Passes a request on. */
export type Next = (request: RequestOptions) => Promise<DirectAnswer>;

/** Lets the values of streams go through a function; undefined leaves one out. */
export function mapStream(
  answer: DirectAnswer,
  change: (value: JSONValue) => JSONValue | undefined,
): DirectAnswer {
  if (!(answer instanceof ReadableStream)) return answer;
  const source: ReadableStream<JSONValue | Uint8Array> = answer;
  const reader = source.getReader();
  return new ReadableStream<JSONValue | Uint8Array>({
    async pull(controller): Promise<void> {
      while (true) {
        const { done, value } = await reader.read();
        if (done) return controller.close();
        const changed = value instanceof Uint8Array ? value : change(value);
        if (changed !== undefined) return controller.enqueue(changed);
      }
    },
    cancel: (reason) => reader.cancel(reason),
  }, { highWaterMark: 0 });
}
