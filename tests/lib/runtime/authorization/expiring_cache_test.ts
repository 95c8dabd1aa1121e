import assert from "node:assert/strict";
import fc from "fast-check";
import { ExpiringCache } from "../../../../lib/runtime/authorization/expiring_cache.ts";
import { VirtualClock } from "../../../../lib/util/clock/mod.ts";

Deno.test("ExpiringCache forgets what has expired, and the oldest when it is full", async () => {
  const clock = new VirtualClock();
  const cache = new ExpiringCache<number>(clock, 2);
  cache.set("a", 1, 1_000);
  cache.set("b", 2, 5_000);
  await clock.advance(999);
  assert.equal(cache.get("a"), 1);
  await clock.advance(1);
  assert.equal(cache.get("a"), undefined);
  cache.set("c", 3, 5_000);
  cache.set("d", 4, 5_000);
  assert.deepEqual(["b", "c", "d"].map((key) => cache.get(key)), [undefined, 3, 4]);
  cache.set("d", 5, 5_000);
  assert.deepEqual(["c", "d"].map((key) => cache.get(key)), [3, 5]);
});

Deno.test("ExpiringCache never grows beyond its capacity", () => {
  const keys = fc.array(fc.string({ maxLength: 2 }), { maxLength: 50 });
  fc.assert(fc.property(keys, fc.integer({ min: 1, max: 5 }), (keys, capacity) => {
    const cache = new ExpiringCache<string>(new VirtualClock(), capacity);
    for (const key of keys) {
      cache.set(key, key, 1_000);
      assert.equal(cache.get(key), key);
      assert.ok(cache.size <= capacity);
    }
  }));
});
