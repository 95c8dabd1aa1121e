import assert from "node:assert/strict";
import fc from "fast-check";
import { BoundedQueue } from "../../../lib/util/bounded_queue.ts";
import { sleep, VirtualClock } from "../../../lib/util/clock/mod.ts";
import { debounce, filter, lines, map, merge } from "../../../lib/util/streams.ts";

async function* from<T>(...items: T[]): AsyncGenerator<T> {
  for (const item of items) yield await Promise.resolve(item);
}

Deno.test("map() and filter() pass items in order", async () => {
  const doubledOdd = map(filter(from(1, 2, 3), (n) => n % 2 === 1), (n) => n * 2);
  assert.deepEqual(await Array.fromAsync(doubledOdd), [2, 6]);
});

Deno.test("map() returns its source when the consumer stops", async () => {
  let returned = false;
  async function* source(): AsyncGenerator<number> {
    try {
      for (let i = 0;; i++) yield await Promise.resolve(i);
    } finally {
      returned = true;
    }
  }
  for await (const n of map(source(), (n) => n)) if (n === 2) break;
  assert.ok(returned);
});

Deno.test("merge() passes items as they come and ends with the last source", async () => {
  const clock = new VirtualClock();
  async function* every(ms: number, name: string, times: number): AsyncGenerator<string> {
    for (let i = 1; i <= times; i++) {
      await sleep(clock, ms);
      yield `${name}${i}`;
    }
  }
  const all = Array.fromAsync(merge(every(10, "a", 3), every(16, "b", 2)));
  await clock.advance(100);
  assert.deepEqual(await all, ["a1", "b1", "a2", "a3", "b2"]);
});

Deno.test("merge() fails when one source fails", async () => {
  async function* broken(): AsyncGenerator<number> {
    yield await Promise.resolve(1);
    throw new Error("broken");
  }
  await assert.rejects(Array.fromAsync(merge(broken(), from(2))), /broken/);
});

Deno.test("merge() keeps nothing of what it has passed on while another source is silent", async () => {
  const silent = new BoundedQueue<unknown>();
  async function* busy(): AsyncGenerator<unknown> {
    for (let i = 0; i < 20_000; i++) yield await Promise.resolve(new Array(1_000).fill(i));
  }
  const before = Deno.memoryUsage().heapUsed;
  let count = 0;
  for await (const _ of merge(busy(), silent)) if (++count === 20_000) break;
  // All of them are 160 MB.
  const growth = Deno.memoryUsage().heapUsed - before;
  assert.ok(growth < 100e6, `${Math.round(growth / 1e6)} MB`);
  silent.close();
});

Deno.test("debounce() passes the last item of each burst, and the last one at the end", async () => {
  const clock = new VirtualClock();
  const queue = new BoundedQueue<number>();
  const result = Array.fromAsync(debounce(queue, 100, clock));
  queue.push(1);
  await clock.advance(50);
  queue.push(2);
  await clock.advance(99);
  queue.push(3);
  await clock.advance(100);
  queue.push(4);
  queue.close();
  await clock.advance(100);
  assert.deepEqual(await result, [3, 4]);
  assert.equal(clock.pending, 0);
});

Deno.test("lines() finds the same lines however the bytes are cut", async () => {
  const text = fc.array(fc.string({ unit: "grapheme" }).map((line) => line.replaceAll(/[\r\n]/g, "")));
  await fc.assert(fc.asyncProperty(text, fc.integer({ min: 1, max: 7 }), async (expected, size) => {
    const bytes = new TextEncoder().encode(expected.map((line) => `${line}\n`).join(""));
    async function* chunks(): AsyncGenerator<Uint8Array> {
      for (let i = 0; i < bytes.length; i += size) yield await Promise.resolve(bytes.slice(i, i + size));
    }
    assert.deepEqual(await Array.fromAsync(lines(chunks())), expected);
  }));
});

Deno.test("lines() gives a last line without line end, and strips carriage returns", async () => {
  const bytes = new TextEncoder().encode("a\r\nb");
  assert.deepEqual(await Array.fromAsync(lines(from(bytes))), ["a", "b"]);
});

Deno.test("BoundedQueue refuses items when it is full, and hands out the rest in order", async () => {
  const queue = new BoundedQueue<number>(2);
  assert.deepEqual([queue.push(1), queue.push(2), queue.push(3)], [true, true, false]);
  queue.close();
  assert.equal(queue.push(4), false);
  assert.deepEqual(await Array.fromAsync(queue), [1, 2]);
  assert.throws(() => new BoundedQueue(0), RangeError);
});

Deno.test("BoundedQueue wakes a consumer that waits", async () => {
  const queue = new BoundedQueue<string>();
  const first = queue[Symbol.asyncIterator]().next();
  queue.push("x");
  assert.deepEqual(await first, { done: false, value: "x" });
});
