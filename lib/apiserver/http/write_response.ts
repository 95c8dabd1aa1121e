import { stringify as stringifyYaml } from "yaml";
import type { JSONValue } from "../../k8s/contract.ts";
import { isJsonObject } from "../../k8s/errors.ts";
import { getField, objectAt } from "../json.ts";
import type { Answer, WatchSource } from "../request/call.ts";
import { StatusError } from "../status.ts";
import type { MediaType } from "./read_request.ts";

const noCache = "no-cache, private";
const encoder = new TextEncoder();
const aggregated = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/** Writes an answer. */
export function writeAnswer(answer: Answer, mediaType: MediaType): Response {
  switch (answer.type) {
    case "value": {
      const response = writeValue(answer.code, answer.value, mediaType);
      for (const warning of answer.warnings ?? []) response.headers.append("warning", warningOf(warning));
      return response;
    }
    case "text":
      // No content has no body, not an empty one.
      if (answer.code === 204) return new Response(null, { status: 204, headers: { "cache-control": noCache } });
      return new Response(answer.text, { status: answer.code, headers: headersOf("text/plain; charset=utf-8") });
    case "stream":
      return new Response(answer.body, { status: answer.code, headers: headersOf(answer.contentType) });
    case "watch":
      return new Response(eventStream(answer.events), { status: 200, headers: headersOf("application/json") });
  }
}

/** A warning as a header (RFC 9110 allows ASCII only): clients show its text to people. */
function warningOf(text: string): string {
  return `299 - "${text.replaceAll(/["\\]/g, "\\$&").replaceAll(/[^ -~]/g, "?")}"`;
}

/** Writes a refusal. */
export function writeError(error: StatusError, mediaType: MediaType): Response {
  const response = error.text === undefined
    ? writeValue(error.code, error.document, mediaType)
    : new Response(error.text, { status: error.code, headers: headersOf("text/plain; charset=utf-8") });
  const seconds = objectAt(error.document, "details")["retryAfterSeconds"];
  for (const warning of error.warnings) response.headers.append("warning", warningOf(warning));
  if (typeof seconds === "number") response.headers.set("retry-after", String(seconds));
  return response;
}

function writeValue(code: number, value: JSONValue, mediaType: MediaType): Response {
  if (mediaType === "application/yaml") {
    return new Response(stringifyYaml(value), { status: code, headers: headersOf(mediaType) });
  }
  // Clients know by it that they got the aggregated document and not an APIGroupList.
  const isAggregated = isJsonObject(value) && getField(value, "kind") === "APIGroupDiscoveryList";
  const headers = headersOf(isAggregated ? aggregated : mediaType);
  return new Response(`${JSON.stringify(value)}\n`, { status: code, headers });
}

function headersOf(contentType: string): HeadersInit {
  return { "content-type": contentType, "cache-control": noCache };
}

/** One line for each event. Nothing is read ahead, so a slow reader is slow to the server too. */
function eventStream(events: WatchSource): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    async pull(controller): Promise<void> {
      const text = await events.next();
      if (text === undefined) controller.close();
      else controller.enqueue(encoder.encode(`${text}\n`));
    },
    cancel: () => events[Symbol.dispose](),
  }, { highWaterMark: 0 });
}
