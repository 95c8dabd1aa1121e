import type { JSONValue } from "../contract.ts";
import { ConnectionError, InvalidObjectError } from "../errors.ts";

/**
 * Parses a body of one JSON value a line, as watches send them. Cancelling the result cancels the body. This is the
 * hot path of every watch: one decode per chunk, one parse per line, nothing copied in between.
 *
 * @param what names the request in errors
 * @throws (as errors of the stream) InvalidObjectError for a line that is no JSON, ConnectionError when the body ends
 *   within a line; values before the fault are delivered first. Errors of the body pass through.
 */
export function readJsonLines(body: ReadableStream<Uint8Array>, what: string): ReadableStream<JSONValue> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  let fault: Error | undefined;

  /** Enqueues the values of all complete lines; returns whether there was one. */
  function parse(controller: ReadableStreamDefaultController<JSONValue>, text: string): boolean {
    let found = false;
    let start = 0;
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", start)) {
      const line = rest === "" ? text.slice(start, end) : rest + text.slice(start, end);
      rest = "";
      start = end + 1;
      if (line === "" || line === "\r") continue;
      try {
        controller.enqueue(JSON.parse(line));
        found = true;
      } catch {
        // Without the cause: the parser's words quote the line wherever it is at fault.
        fault = new InvalidObjectError(`${what}: the server sent a line that is not JSON: ${publicExcerpt(line)}`);
        return found;
      }
    }
    rest += text.slice(start);
    return found;
  }

  function finish(controller: ReadableStreamDefaultController<JSONValue>): void {
    if (rest.trim() === "") return controller.close();
    try {
      controller.enqueue(JSON.parse(rest));
      controller.close();
    } catch {
      controller.error(new ConnectionError(`${what}: the answer ended in the middle of a value`));
    }
  }

  return new ReadableStream<JSONValue>({
    async pull(controller): Promise<void> {
      let found = false;
      while (!found) {
        if (fault !== undefined) {
          // Not earlier: an error drops what is still queued.
          await reader.cancel(fault);
          throw fault;
        }
        const { done, value } = await reader.read();
        if (done) {
          rest += decoder.decode();
          return finish(controller);
        }
        found = parse(controller, decoder.decode(value, { stream: true }));
      }
    },
    cancel: (reason) => reader.cancel(reason),
  }, { highWaterMark: 0 });
}

/** The same of an answer that should have been an object: one that begins like an object may hold secret data. */
export function publicExcerpt(text: string): string {
  return /^\s*[{[]/.test(text) ? `${text.length} characters that begin like an object` : excerpt(text);
}

/** The beginning of a text, for a message. */
export function excerpt(text: string, length = 200): string {
  const short = text.slice(0, length).replace(/\s+/g, " ").trim();
  return text.length > length ? `${short}...` : short;
}
