import assert from "node:assert/strict";
import { slowStart } from "../../../../lib/workloads/replica_sets/slow_start.ts";

/** Runs slowStart() with an operation that fails from its `limit`th call on; returns how many ran at the same time. */
async function batches(count: number, limit = Infinity): Promise<{ readonly sizes: number[]; readonly done: number }> {
  const sizes: number[] = [];
  let calls = 0;
  let running = 0;
  const { done, error } = await slowStart(count, async () => {
    const call = ++calls;
    running++;
    await Promise.resolve();
    if (running > 0) sizes.push(running);
    running = 0;
    if (call >= limit) throw new RangeError("too many");
  });
  assert.equal(error instanceof RangeError, limit <= count);
  return { sizes, done };
}

Deno.test("slowStart() doubles its batches as long as all goes well", async () => {
  assert.deepEqual(await batches(10), { sizes: [1, 2, 4, 3], done: 10 });
  assert.deepEqual(await batches(0), { sizes: [], done: 0 });
});

Deno.test("slowStart() begins no batch after a failure", async () => {
  assert.deepEqual(await batches(100, 1), { sizes: [1], done: 0 });
  assert.deepEqual(await batches(100, 3), { sizes: [1, 2], done: 2 });
});
