import assert from "node:assert/strict";
import fc from "fast-check";
import {
  afterRestart,
  noBackoff,
  pauseBeforeRestart,
  restartPauses,
} from "../../../../lib/workloads/node/restart_backoff.ts";

Deno.test("pauseBeforeRestart() doubles from crash to crash", () => {
  let now = 1_000_000;
  let backoff = noBackoff;
  const pauses: number[] = [];
  for (let crash = 0; crash < 8; crash++) {
    const pause = pauseBeforeRestart(backoff, now);
    pauses.push(pause / 1_000);
    backoff = afterRestart(backoff, now, now + pause);
    now += pause + 1_000;
  }
  assert.deepEqual(pauses, [0, 10, 20, 40, 80, 160, 300, 300]);
});

Deno.test("pauseBeforeRestart() begins anew after more than ten minutes of running", () => {
  const backoff = { pause: 160_000, since: 5_000_000 };
  assert.equal(pauseBeforeRestart(backoff, 5_600_000), 160_000);
  assert.equal(pauseBeforeRestart(backoff, 5_600_001), 0);
  assert.deepEqual(afterRestart(backoff, 5_600_001, 5_600_002), { pause: 10_000, since: 5_600_002 });
});

Deno.test("a pause is never longer than the longest", () => {
  fc.assert(fc.property(fc.array(fc.integer({ min: 0, max: 1_000_000 })), (runs) => {
    let backoff = noBackoff;
    let now = 0;
    for (const run of runs) {
      const finished = now + run;
      const pause = pauseBeforeRestart(backoff, finished);
      assert.ok(pause === 0 || (pause >= restartPauses.initial && pause <= restartPauses.max));
      now = finished + pause;
      backoff = afterRestart(backoff, finished, now);
    }
  }));
});
