import assert from "node:assert/strict";
import { readBytes } from "../../../../lib/apiserver/http/read_bytes.ts";

function post(body: BodyInit | null): Request {
  return new Request("http://localhost/", { method: "POST", body });
}

const { signal } = new AbortController();

Deno.test("readBytes() reads what is not longer than the limit", async () => {
  for (const text of ["", "a", "abc"]) {
    assert.equal(new TextDecoder().decode(await readBytes(post(text), 3, signal)), text);
    const stream = new Blob([...text]).stream();
    assert.equal(new TextDecoder().decode(await readBytes(post(stream), 3, signal)), text);
  }
  assert.equal((await readBytes(post(null), 3, signal)).length, 0);
});

Deno.test("readBytes() refuses what is longer, and does not read on for ever", async () => {
  await assert.rejects(readBytes(post("abcd"), 3, signal), {
    code: 413,
    message: "Request entity too large: limit is 3",
  });
  let read = 0;
  const cancelled = Promise.withResolvers<void>();
  const endless = new ReadableStream({
    pull(controller): void {
      read += 1_048_576;
      controller.enqueue(new Uint8Array(1_048_576));
    },
    cancel: () => cancelled.resolve(),
  });
  await assert.rejects(readBytes(post(endless), 3, signal), { code: 413 });
  await cancelled.promise;
  assert.ok(read < 70 * 1_048_576, `${read} bytes were read`);
});

Deno.test("readBytes() does not wait for a body when the server closes", async () => {
  const closing = new AbortController();
  const reading = readBytes(post(new ReadableStream()), 3, closing.signal);
  closing.abort();
  await assert.rejects(reading, { code: 503 });
});
