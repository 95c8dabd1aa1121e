import { Buffer } from "node:buffer";
import { StatusError } from "../status.ts";

/**
 * How much more than the limit is read, in bytes, before the connection is given up: who is still sending does not look
 * for an answer.
 */
const patience = 64 * 1_024 * 1_024;

/**
 * Reads the body of a request, and keeps no more than `limit` bytes of it.
 * @param signal does not wait for the rest of the body any longer.
 * @throws StatusError 413 for a longer body, 503 when the signal aborts
 */
export async function readBytes({ body }: Request, limit: number, signal: AbortSignal): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader = body?.getReader();
  const cancel = (): void => void reader?.cancel();
  signal.addEventListener("abort", cancel, { once: true });
  try {
    for (let part = await reader?.read(); part?.done === false; part = await reader?.read()) {
      length += part.value.length;
      if (length <= limit) chunks.push(part.value);
      else chunks.length = 0;
      if (length > limit + patience) cancel();
    }
  } finally {
    signal.removeEventListener("abort", cancel);
  }
  if (signal.aborted) throw new StatusError(503, "ServiceUnavailable", "the server is closing", {});
  if (length > limit) {
    throw new StatusError(413, "RequestEntityTooLarge", `Request entity too large: limit is ${limit}`);
  }
  return chunks.length === 1 ? chunks[0] ?? new Uint8Array() : Buffer.concat(chunks);
}
