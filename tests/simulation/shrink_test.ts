import assert from "node:assert/strict";
import { shrink } from "./shrink.ts";
import type { History, Step } from "./steps.ts";

function history(count: number): History {
  const steps = Array.from({ length: count }, (_, at): Step => ({ at, action: { do: "compact" } }));
  return { seed: 1, duration: count, steps };
}

Deno.test("shrink() leaves only the steps that a failure needs", async () => {
  const needed = [7, 8, 61];
  const short = await shrink(history(100), ({ steps }) => {
    const times = steps.map(({ at }) => at);
    return Promise.resolve(needed.every((at) => times.includes(at)));
  });
  assert.deepEqual(short.steps.map(({ at }) => at), needed);
});

Deno.test("shrink() gives up after so many tries, with what it has", async () => {
  let tries = 0;
  const short = await shrink(history(100), ({ steps }) => {
    tries++;
    return Promise.resolve(steps.some(({ at }) => at === 99));
  }, 3);
  assert.equal(tries, 3);
  assert.ok(short.steps.length < 100);
});
