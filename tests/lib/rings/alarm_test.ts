import assert from "node:assert/strict";
import { Alarm } from "../../../lib/rings/alarm.ts";
import { VirtualClock } from "../../../lib/util/clock/mod.ts";

function setUp(): { clock: VirtualClock; rings: number[]; alarm: Alarm } {
  const clock = new VirtualClock();
  const rings: number[] = [];
  return { clock, rings, alarm: new Alarm(clock, () => rings.push(clock.monotonic())) };
}

Deno.test("Alarm rings once, at the earliest of its moments", async () => {
  const { clock, rings, alarm } = setUp();
  for (const moment of [5_000, 3_000, 4_000, Infinity]) alarm.at(moment);
  assert.equal(clock.pending, 1);
  await clock.advance(10_000);
  assert.deepEqual(rings, [3_000]);
});

Deno.test("Alarm can be set again after it rang, also for a moment that is over", async () => {
  const { clock, rings, alarm } = setUp();
  alarm.at(1_000);
  await clock.advance(2_000);
  alarm.at(500);
  await clock.advance(1);
  assert.deepEqual(rings, [1_000, 2_000]);
});

Deno.test("Alarm does not ring any more when it was disposed", async () => {
  const { clock, rings, alarm } = setUp();
  alarm.at(1_000);
  alarm[Symbol.dispose]();
  alarm.at(2_000);
  assert.equal(clock.pending, 0);
  await clock.advance(5_000);
  assert.deepEqual(rings, []);
});
