import assert from "node:assert/strict";
import fc from "fast-check";
import { linesOf, LineTail } from "./lines.ts";

Deno.test("linesOf() gives the same lines however the bytes are cut", async () => {
  const texts = fc.array(fc.string({ unit: "grapheme" }).map((text) => text.replaceAll("\n", " ")), { maxLength: 8 });
  await fc.assert(fc.asyncProperty(texts, fc.integer({ min: 1, max: 7 }), async (texts, size) => {
    const bytes = new TextEncoder().encode(texts.map((text) => `${text}\n`).join(""));
    const chunks = Array.from(
      { length: Math.ceil(bytes.length / size) },
      (_, index) => bytes.slice(index * size, (index + 1) * size),
    );
    assert.deepEqual(
      await Array.fromAsync(linesOf(ReadableStream.from(chunks))),
      texts.map((text) => text.toWellFormed()),
    );
  }));
});

Deno.test("LineTail keeps the last lines, never more than its limit", () => {
  fc.assert(fc.property(fc.array(fc.string()), fc.integer({ min: 1, max: 5 }), fc.nat(8), (lines, limit, count) => {
    const tail = new LineTail(limit);
    for (const line of lines) tail.push(line);
    const wanted = Math.min(limit, count);
    assert.deepEqual(tail.last(count), wanted === 0 ? [] : lines.slice(-wanted));
  }));
});
