import assert from "node:assert/strict";
import { LeavingResult } from "../../../../controllers/sharder/leaving/look_result.ts";
import { LeavingSchedule } from "../../../../controllers/sharder/leaving/schedule.ts";
import { VirtualClock } from "../../../../lib/util/clock/mod.ts";

/** A schedule, and looks that take a while and find something or nothing. */
class Looks {
  readonly clock = new VirtualClock();
  readonly schedule = new LeavingSchedule(this.clock);

  /** Waits for the pause, looks for `ms`, and says whether that was the last look. */
  async look(result: LeavingResult, ms = 0): Promise<boolean> {
    await this.clock.advance(this.schedule.pause());
    const { revision } = this.schedule;
    const begin = this.clock.monotonic();
    await this.clock.advance(ms);
    return this.schedule.looked(result, begin, revision);
  }
}

function nothing(): LeavingResult {
  return new LeavingResult();
}

function waiting(count = 1): LeavingResult {
  const result = new LeavingResult();
  for (let index = 0; index < count; index++) result.waits({}, "shard-a", "acknowledgement");
  return result;
}

Deno.test("nothing is left after two empty looks, 10 s apart", async () => {
  const looks = new Looks();
  assert.equal(looks.schedule.pause(), 0);
  assert.equal(await looks.look(nothing()), false);
  assert.equal(looks.schedule.pause(), 10_000);
  assert.equal(await looks.look(nothing()), true);
});

Deno.test("one empty look is enough where nothing is known to have left", async () => {
  const looks = new Looks();
  await looks.look(nothing());
  await looks.look(nothing());
  assert.equal(await looks.look(nothing()), true);
});

Deno.test("what the second look finds makes it the first of a new row", async () => {
  const looks = new Looks();
  await looks.look(nothing());
  assert.equal(await looks.look(waiting()), false);
  assert.equal(await looks.look(nothing()), false);
  assert.equal(await looks.look(nothing()), true);
});

Deno.test("a look that was under way when something left does not count", async () => {
  const looks = new Looks();
  await looks.look(nothing());
  await looks.clock.advance(10_000);
  const { revision } = looks.schedule;
  looks.schedule.begin();
  assert.equal(looks.schedule.looked(nothing(), looks.clock.monotonic(), revision), false);
  assert.equal(looks.schedule.pause(), 0);
  assert.equal(await looks.look(nothing()), false);
  assert.equal(looks.schedule.pause(), 10_000);
});

Deno.test("while nothing moves the pauses grow to 30 s, and shrink when something does", async () => {
  const looks = new Looks();
  const pauses: number[] = [];
  for (let count = 0; count < 7; count++) {
    await looks.look(waiting(2));
    pauses.push(looks.schedule.pause());
  }
  assert.deepEqual(pauses, [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  await looks.look(waiting(1));
  assert.equal(looks.schedule.pause(), 1_000);
});

Deno.test("a long look is followed by a long pause", async () => {
  const looks = new Looks();
  await looks.look(waiting(), 3_000);
  assert.equal(looks.schedule.pause(), 15_000);
  await looks.look(waiting(2), 60_000);
  assert.equal(looks.schedule.pause(), 30_000);
});

Deno.test("a change of shards hurries what waits, and nothing else", async () => {
  const looks = new Looks();
  await looks.look(nothing());
  looks.schedule.hurry();
  assert.equal(looks.schedule.pause(), 10_000);
  await looks.look(waiting());
  await looks.look(waiting());
  assert.equal(looks.schedule.pause(), 2_000);
  looks.schedule.hurry();
  assert.equal(looks.schedule.pause(), 0);
});

Deno.test("it is known for how long objects have waited", async () => {
  const looks = new Looks();
  assert.equal(looks.schedule.lasts(), 0);
  await looks.look(waiting());
  await looks.clock.advance(40_000);
  assert.equal(looks.schedule.lasts(), 40_000);
  await looks.look(nothing());
  assert.equal(looks.schedule.lasts(), 0);
});
