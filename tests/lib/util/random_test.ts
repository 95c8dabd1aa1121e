import assert from "node:assert/strict";
import { Backoff } from "../../../lib/util/backoff.ts";
import { jitter, randomSuffix, seededRandom, systemRandom } from "../../../lib/util/random.ts";

Deno.test("seededRandom() repeats itself for the same seed and spreads evenly", () => {
  const draw = (seed: number): number[] => {
    const random = seededRandom(seed);
    return Array.from({ length: 10_000 }, () => random.next());
  };
  assert.deepEqual(draw(7), draw(7));
  assert.notDeepEqual(draw(7), draw(8));
  const mean = draw(1).reduce((sum, n) => sum + n, 0) / 10_000;
  assert.ok(Math.abs(mean - 0.5) < 0.02, `mean ${mean}`);
});

Deno.test("randomSuffix() uses the API server's alphabet", () => {
  assert.match(randomSuffix(systemRandom, 200), /^[bcdfghjklmnpqrstvwxz2456789]{200}$/);
});

Deno.test("jitter() adds up to its share", () => {
  assert.equal(jitter({ next: () => 0 }, 100, 0.5), 100);
  assert.equal(jitter({ next: () => 0.5 }, 100, 0.5), 125);
});

Deno.test("Backoff grows to its limit and begins again after a reset", () => {
  const backoff = new Backoff({ initial: 100, max: 350, jitter: 0 }, systemRandom);
  assert.deepEqual([backoff.next(), backoff.next(), backoff.next(), backoff.next()], [100, 200, 350, 350]);
  assert.equal(backoff.failures, 4);
  backoff.reset();
  assert.equal(backoff.next(), 100);
  assert.throws(() => new Backoff({ initial: 10, max: 5 }, systemRandom), RangeError);
});
