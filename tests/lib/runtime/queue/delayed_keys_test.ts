import assert from "node:assert/strict";
import fc from "fast-check";
import { DelayedKeys } from "../../../../lib/runtime/queue/delayed_keys.ts";
import { VirtualClock } from "../../../../lib/util/clock/mod.ts";

Deno.test("DelayedKeys releases each key once, in the order of the earliest time of each", async () => {
  const adds = fc.array(fc.tuple(fc.integer({ min: 0, max: 40 }).map(String), fc.nat(1_000)), { maxLength: 200 });
  await fc.assert(
    fc.asyncProperty(adds, async (adds) => {
      const clock = new VirtualClock();
      const released: [string, number][] = [];
      using delayed = new DelayedKeys<string>(clock, (key) => released.push([key, clock.monotonic()]));
      const earliest = new Map<string, number>();
      for (const [key, ms] of adds) {
        delayed.add(key, ms);
        earliest.set(key, Math.min(earliest.get(key) ?? Infinity, ms));
      }
      assert.equal(delayed.size, earliest.size);
      assert.ok(clock.pending <= 1, "one timer serves all keys");
      await clock.advance(1_000);
      assert.deepEqual(new Map(released), earliest);
      assert.equal(released.length, earliest.size);
      assert.deepEqual(released.map(([, time]) => time), [...earliest.values()].sort((a, b) => a - b));
    }),
    { numRuns: 100 },
  );
});

Deno.test("DelayedKeys sets a new timer when the runtime's timer fires too early", async () => {
  const clock = new VirtualClock();
  const early = {
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    timer: (ms: number, callback: () => void) => clock.timer(ms > 1 ? ms - 1 : ms, callback),
  };
  const released: string[] = [];
  using delayed = new DelayedKeys<string>(early, (key) => released.push(key));
  delayed.add("a", 100);
  await clock.advance(99);
  assert.deepEqual(released, []);
  await clock.advance(1);
  assert.deepEqual(released, ["a"]);
});

Deno.test("DelayedKeys drops its keys and its timer when it is disposed", async () => {
  const clock = new VirtualClock();
  const delayed = new DelayedKeys<string>(clock, () => assert.fail("nothing may become due"));
  delayed.add("a", 10);
  delayed[Symbol.dispose]();
  assert.equal(clock.pending, 0);
  await clock.advance(100);
});
