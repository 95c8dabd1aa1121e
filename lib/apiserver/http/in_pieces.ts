/**
 * Deno's TLS listener leaves Nagle's algorithm on, and writes the body of an answer apart from its head unless it is
 * short: the second write then waits for the client to acknowledge the first, which clients put off for 40 ms. Pieces up
 * to this size (HTTP/2 frames of up to 1,024 bytes) are gathered and leave in one write.
 */
const piece = 1_000;

/** What is longer than a TLS record takes several writes in any case. */
const longest = 16_000;

/** The same answer with a body that a TLS connection sends without delay. */
export function inPieces(response: Response): Response {
  const { body } = response;
  if (body === null) return response;
  const reader = body.getReader();
  const pieces = new ReadableStream<Uint8Array>({
    async pull(controller): Promise<void> {
      const { done, value } = await reader.read();
      if (done) return controller.close();
      const size = value.length > longest ? value.length : piece;
      for (let at = 0; at < value.length; at += size) controller.enqueue(value.subarray(at, at + size));
    },
    cancel: (reason) => reader.cancel(reason),
  }, { highWaterMark: 0 });
  return new Response(pieces, response);
}
