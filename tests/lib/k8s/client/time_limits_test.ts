import assert from "node:assert/strict";
import fc from "fast-check";
import { TimeLimits } from "../../../../lib/k8s/client/time_limits.ts";
import { VirtualClock } from "../../../../lib/util/clock/mod.ts";
import { runs } from "../../../support/runs.ts";

Deno.test("TimeLimits ends each limit at its own time, and none that was disposed", async () => {
  const step = fc.record({
    pause: fc.nat({ max: 150 }),
    /** Which of those that run is given back; beyond their number, a new one begins. */
    pick: fc.nat({ max: 5 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      const clock = new VirtualClock();
      const limits = new TimeLimits(clock, 100);
      const running = new Map<Disposable, number>();
      for (const { pause, pick } of steps) {
        await clock.advance(pause);
        for (const due of running.values()) assert.ok(due > clock.monotonic(), "it should have ended by now");
        const [picked] = [...running.keys()].slice(pick);
        if (picked !== undefined) {
          picked[Symbol.dispose]();
          running.delete(picked);
          continue;
        }
        const due = clock.monotonic() + 100;
        const limit = limits.begin(() => {
          assert.equal(clock.monotonic(), due);
          assert.ok(running.delete(limit), "it was given back before");
        });
        running.set(limit, due);
        assert.equal(clock.pending, 1, "one timer does for all");
      }
      for (const limit of running.keys()) limit[Symbol.dispose]();
      assert.equal(clock.pending, 0);
    }),
    { numRuns: runs(100) },
  );
});

Deno.test("TimeLimits goes on when what expires begins a new limit, or gives another one back", async () => {
  const clock = new VirtualClock();
  const limits = new TimeLimits(clock, 100);
  const ended: string[] = [];
  limits.begin(() => {
    ended.push("first");
    second[Symbol.dispose]();
    limits.begin(() => ended.push(`fourth at ${clock.monotonic()}`));
  });
  const second = limits.begin(() => ended.push("second"));
  limits.begin(() => ended.push("third"));
  await clock.advance(100);
  assert.deepEqual(ended, ["first", "third"]);
  await clock.advance(100);
  assert.deepEqual(ended, ["first", "third", "fourth at 200"]);
  assert.equal(clock.pending, 0);
});
