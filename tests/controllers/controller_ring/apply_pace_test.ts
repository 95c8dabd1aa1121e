import assert from "node:assert/strict";
import { ApplyPace } from "../../../controllers/controller_ring/apply_pace.ts";
import { VirtualClock } from "../../../lib/util/clock/mod.ts";

/** Applies it if that may be now. Returns the pause. */
function take(pace: ApplyPace, name: string, content: string): number {
  const pause = pace.pauseFor(name, content);
  if (pause === 0) pace.applied(name, content);
  return pause;
}

Deno.test("ApplyPace repairs at once, but not again and again", async () => {
  const clock = new VirtualClock();
  const pace = new ApplyPace(clock);
  let applied = 0;
  // Somebody else undoes it whenever it was applied.
  while (clock.monotonic() < 600_000) {
    const pause = take(pace, "ring", "wanted");
    if (pause === 0) applied++;
    await clock.advance(Math.max(pause, 20));
  }
  assert.ok(applied >= 10 && applied <= 20, `${applied} times in ten minutes`);
});

Deno.test("ApplyPace holds up neither other content nor another ring, nor what was in peace for a while", async () => {
  const clock = new VirtualClock();
  const pace = new ApplyPace(clock);
  for (let n = 0; n < 3; n++) assert.equal(take(pace, "ring", "wanted"), 0);
  assert.equal(take(pace, "ring", "wanted"), 1_000);
  assert.equal(take(pace, "other", "wanted"), 0);
  assert.equal(take(pace, "ring", "changed"), 0);
  assert.equal(take(pace, "ring", "wanted"), 0);
  for (let n = 0; n < 2; n++) take(pace, "ring", "wanted");
  assert.ok(take(pace, "ring", "wanted") > 0);
  await clock.advance(5_000);
  assert.deepEqual([1, 2, 3].map(() => take(pace, "ring", "wanted")), [0, 0, 0]);
  for (let n = 0; n < 3; n++) take(pace, "ring", "wanted");
  pace.forget("ring");
  assert.equal(take(pace, "ring", "wanted"), 0);
});
