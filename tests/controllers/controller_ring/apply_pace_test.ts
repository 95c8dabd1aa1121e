import assert from "node:assert/strict";
import { ApplyPace } from "../../../controllers/controller_ring/apply_pace.ts";
import { VirtualClock } from "../../../lib/util/clock/mod.ts";

Deno.test("ApplyPace repairs at once, but not again and again", async () => {
  const clock = new VirtualClock();
  const pace = new ApplyPace(clock);
  let applied = 0;
  // Somebody else undoes it whenever it was applied.
  while (clock.monotonic() < 600_000) {
    const pause = pace.take("ring", "wanted");
    if (pause === 0) applied++;
    await clock.advance(Math.max(pause, 20));
  }
  assert.ok(applied >= 10 && applied <= 20, `${applied} times in ten minutes`);
});

Deno.test("ApplyPace holds up neither other content nor another ring, nor what was in peace for a while", async () => {
  const clock = new VirtualClock();
  const pace = new ApplyPace(clock);
  for (let n = 0; n < 3; n++) assert.equal(pace.take("ring", "wanted"), 0);
  assert.equal(pace.take("ring", "wanted"), 1_000);
  assert.equal(pace.take("other", "wanted"), 0);
  assert.equal(pace.take("ring", "changed"), 0);
  assert.equal(pace.take("ring", "wanted"), 0);
  for (let n = 0; n < 2; n++) pace.take("ring", "wanted");
  assert.ok(pace.take("ring", "wanted") > 0);
  await clock.advance(5_000);
  assert.deepEqual([1, 2, 3].map(() => pace.take("ring", "wanted")), [0, 0, 0]);
  for (let n = 0; n < 3; n++) pace.take("ring", "wanted");
  pace.forget("ring");
  assert.equal(pace.take("ring", "wanted"), 0);
});
