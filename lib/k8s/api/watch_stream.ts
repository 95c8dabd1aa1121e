import type { JSONObject, JSONValue } from "../contract.ts";
import { ApiError, InvalidObjectError, isJsonObject, parseStatus } from "../errors.ts";
import type { KubeObject } from "../types.ts";
import { parseObject, type Resource } from "./resource.ts";

/** One event of a watch, checked. */
export type TypedWatchEvent<T> =
  | { readonly type: "ADDED" | "MODIFIED" | "DELETED"; readonly object: T }
  | {
    readonly type: "BOOKMARK";
    /** Everything up to this version was sent. */
    readonly resourceVersion: string;
    /** The initial objects of a streaming list are complete (KEP-3157). */
    readonly initialEventsEnd: boolean;
  };

/** Annotation of the bookmark that ends the initial objects of a streaming list. */
const initialEventsEnd = "k8s.io/initial-events-end";

/**
 * Decodes a watch stream.
 * @throws ApiError for an ERROR event (410 in the stream among them), InvalidObjectError for anything unexpected.
 */
export async function* readWatch<T extends KubeObject>(
  resource: Resource<T>,
  stream: ReadableStream<JSONValue>,
  request: string,
): AsyncGenerator<TypedWatchEvent<T>, void, undefined> {
  for await (const value of stream) {
    const event: JSONObject = isJsonObject(value) ? value : {};
    const { type, object } = event;
    switch (type) {
      case "ADDED":
      case "MODIFIED":
      case "DELETED":
        yield { type, object: parseObject(resource, object) };
        break;
      case "BOOKMARK":
        yield parseBookmark(object, request);
        break;
      case "ERROR":
        throw new ApiError(request, parseStatus(object) ?? noStatus(object));
      default:
        throw new InvalidObjectError(`${request}: an event of unknown type ${JSON.stringify(type)}`);
    }
  }
}

function parseBookmark(object: JSONValue, request: string): TypedWatchEvent<never> {
  const metadata = isJsonObject(object) && isJsonObject(object["metadata"]) ? object["metadata"] : {};
  const { resourceVersion, annotations } = metadata;
  if (typeof resourceVersion !== "string") {
    throw new InvalidObjectError(`${request}: a bookmark without resourceVersion`);
  }
  const marks = isJsonObject(annotations) ? annotations : {};
  return { type: "BOOKMARK", resourceVersion, initialEventsEnd: marks[initialEventsEnd] === "true" };
}

function noStatus(object: JSONValue): { code: number; reason: string; message: string; causes: [] } {
  return { code: 500, reason: "", message: `an error event without Status: ${JSON.stringify(object)}`, causes: [] };
}
