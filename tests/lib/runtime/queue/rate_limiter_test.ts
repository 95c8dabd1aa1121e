import assert from "node:assert/strict";
import { BucketLimiter, defaultLimiter, ExponentialLimiter, MaxOfLimiters } from "../../../../lib/runtime/queue/mod.ts";
import { VirtualClock } from "../../../../lib/util/clock/mod.ts";

Deno.test("ExponentialLimiter doubles from 5 ms to 1000 s per key", () => {
  const limiter = new ExponentialLimiter();
  assert.deepEqual([1, 2, 3, 4].map(() => limiter.next("a")), [5, 10, 20, 40]);
  assert.equal(limiter.next("b"), 5);
  for (let i = 0; i < 2_000; i++) limiter.next("a");
  assert.equal(limiter.next("a"), 1_000_000);
  assert.equal(limiter.retries("a"), 2_005);
  limiter.forget("a");
  assert.deepEqual([limiter.retries("a"), limiter.next("a")], [0, 5]);
});

Deno.test("ExponentialLimiter refuses times that make no sense", () => {
  assert.throws(() => new ExponentialLimiter({ initial: 0 }), RangeError);
  assert.throws(() => new ExponentialLimiter({ initial: 10, max: 5 }), RangeError);
});

Deno.test("BucketLimiter lets a burst through and then spaces the retries evenly", async () => {
  const clock = new VirtualClock();
  const limiter = new BucketLimiter({ rate: 10, burst: 3, clock });
  assert.deepEqual([1, 2, 3, 4, 5].map(() => Math.round(limiter.next("a"))), [0, 0, 0, 100, 200]);
  await clock.advance(300); // The two reserved ones and one more are earned back.
  assert.deepEqual([1, 2].map(() => Math.round(limiter.next("a"))), [0, 100]);
  await clock.advance(60_000);
  assert.deepEqual([1, 2, 3, 4].map(() => Math.round(limiter.next("a"))), [0, 0, 0, 100]);
  assert.throws(() => new BucketLimiter({ rate: 0, clock }), RangeError);
});

Deno.test("MaxOfLimiters takes the longest time and lets every limiter count", () => {
  const slow = new ExponentialLimiter({ initial: 100 });
  const fast = new ExponentialLimiter();
  const both = new MaxOfLimiters(fast, slow);
  assert.deepEqual([both.next("a"), both.next("a")], [100, 200]);
  assert.deepEqual([fast.retries("a"), slow.retries("a"), both.retries("a")], [2, 2, 2]);
  both.forget("a");
  assert.equal(both.retries("a"), 0);
});

Deno.test("defaultLimiter() holds back all keys together after a burst of 100", () => {
  const limiter = defaultLimiter(new VirtualClock());
  for (let i = 0; i < 100; i++) assert.equal(limiter.next(`key-${i}`), 5);
  assert.equal(Math.round(limiter.next("next")), 100);
  assert.equal(Math.round(limiter.next("after")), 200);
});
