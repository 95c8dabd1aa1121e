import assert from "node:assert/strict";
import { inPieces } from "../../../lib/util/in_pieces.ts";

async function sizesOf(response: Response): Promise<number[]> {
  const sizes: number[] = [];
  for await (const chunk of response.body ?? []) sizes.push(chunk.length);
  return sizes;
}

Deno.test("inPieces() gives the same answer in pieces that leave in one write", async () => {
  const text = "x".repeat(2_500);
  const answer = (): Response => new Response(text, { status: 201, headers: { "content-type": "text/plain" } });
  const response = inPieces(answer());
  assert.equal(response.status, 201);
  assert.equal(response.headers.get("content-type"), "text/plain");
  assert.equal(await response.text(), text);
  assert.deepEqual(await sizesOf(inPieces(answer())), [1_000, 1_000, 500]);
});

Deno.test("inPieces() leaves bodies alone that need several writes anyway, and answers without one", async () => {
  assert.deepEqual(await sizesOf(inPieces(new Response(new Uint8Array(100_000)))), [100_000]);
  const empty = new Response(null, { status: 204 });
  assert.equal(inPieces(empty), empty);
});

Deno.test("inPieces() reads nothing ahead, and tells the source when nobody reads any more", async () => {
  const cancelled = Promise.withResolvers<unknown>();
  let pulls = 0;
  const source = new ReadableStream({
    pull: (controller) => controller.enqueue(new Uint8Array([++pulls])),
    cancel: (reason) => cancelled.resolve(reason),
  }, { highWaterMark: 0 });
  const reader = inPieces(new Response(source)).body?.getReader();
  assert.equal(pulls, 0);
  assert.deepEqual(await reader?.read(), { done: false, value: new Uint8Array([1]) });
  assert.equal(pulls, 1);
  await reader?.cancel("enough");
  assert.equal(await cancelled.promise, "enough");
});
