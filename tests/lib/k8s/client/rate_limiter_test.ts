import assert from "node:assert/strict";
import fc from "fast-check";
import { RateLimiter } from "../../../../lib/k8s/client/rate_limiter.ts";
import { VirtualClock } from "../../../../lib/util/clock/mod.ts";
import { accessTo, clientOf, serve } from "../support/server.ts";

Deno.test("acquire() lets a burst through, then one in each interval, in the order of arrival", async () => {
  const clock = new VirtualClock();
  const limiter = new RateLimiter({ qps: 10, burst: 3, clock });
  const times: string[] = [];
  for (let i = 0; i < 6; i++) void limiter.acquire().then(() => times.push(`${i} at ${Math.round(clock.monotonic())}`));
  await clock.advance(1_000);
  assert.deepEqual(times, ["0 at 0", "1 at 0", "2 at 0", "3 at 100", "4 at 200", "5 at 300"]);
  assert.equal(clock.pending, 0);
});

Deno.test("acquire() gives the turn of an aborted waiter to the next", async () => {
  const clock = new VirtualClock();
  const limiter = new RateLimiter({ qps: 1, burst: 1, clock });
  await limiter.acquire();
  const controller = new AbortController();
  const aborted = assert.rejects(limiter.acquire(controller.signal), /enough/);
  let passed = false;
  void limiter.acquire().then(() => passed = true);
  await clock.advance(999);
  controller.abort(new Error("enough"));
  await aborted;
  assert.equal(passed, false);
  await clock.advance(1);
  assert.equal(passed, true);
  await assert.rejects(limiter.acquire(controller.signal), /enough/);
  assert.equal(clock.pending, 0);
});

Deno.test("acquire() sets no timer that nobody waits for", async () => {
  const clock = new VirtualClock();
  const limiter = new RateLimiter({ qps: 1, burst: 1, clock });
  await limiter.acquire();
  const controller = new AbortController();
  const aborted = assert.rejects(limiter.acquire(controller.signal));
  assert.equal(clock.pending, 1);
  controller.abort();
  await aborted;
  assert.equal(clock.pending, 0);
});

Deno.test("acquire() never lets more through than burst plus qps times the time, and never starves anybody", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({ qps: fc.integer({ min: 1, max: 50 }), burst: fc.integer({ min: 1, max: 10 }) }),
      fc.array(fc.integer({ min: 0, max: 300 }), { minLength: 1, maxLength: 25 }),
      async ({ qps, burst }, pauses) => {
        const clock = new VirtualClock();
        const limiter = new RateLimiter({ qps, burst, clock });
        const passed: number[] = [];
        for (const pause of pauses) {
          void limiter.acquire().then(() => passed.push(clock.monotonic()));
          await clock.advance(pause);
        }
        await clock.advance((pauses.length / qps) * 1_000 + 1);
        assert.equal(passed.length, pauses.length);
        for (const [i, from] of passed.entries()) {
          const within = passed.slice(i);
          for (const [n, to] of within.entries()) assert.ok(n + 1 <= burst + ((to - from) / 1_000) * qps + 1e-6);
        }
        assert.equal(clock.pending, 0);
      },
    ),
    { numRuns: 30 },
  );
});

Deno.test("RateLimiter refuses limits that are none", () => {
  const clock = new VirtualClock();
  assert.throws(() => new RateLimiter({ qps: 0, burst: 1, clock }), RangeError);
  assert.throws(() => new RateLimiter({ qps: 1, burst: 0, clock }), RangeError);
  assert.throws(() => new RateLimiter({ qps: NaN, burst: 1, clock }), RangeError);
});

Deno.test("a client with a limit sends no faster", async () => {
  let requests = 0;
  await using server = serve(() => (requests++, new Response()));
  const clock = new VirtualClock();
  using client = clientOf(accessTo(server.url), { clock, qps: 1, burst: 1 });
  await client.performRequest({ method: "GET", path: "/" });
  const second = client.performRequest({ method: "GET", path: "/" });
  await clock.advance(999);
  assert.equal(requests, 1);
  await clock.advance(1);
  await second;
  assert.equal(requests, 2);
});
