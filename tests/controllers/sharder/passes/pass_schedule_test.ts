import assert from "node:assert/strict";
import fc from "fast-check";
import { PassSchedule } from "../../../../controllers/sharder/passes/pass_schedule.ts";
import { VirtualClock } from "../../../../lib/util/clock/mod.ts";
import { seededRandom } from "../../../../lib/util/random.ts";

const [all, ownerless, draining] = [{ type: "all" }, { type: "ownerless" }, { type: "draining" }] as const;

/** A schedule after its first pass, and a clock. */
function settled(syncPeriod = 300_000): { schedule: PassSchedule; clock: VirtualClock } {
  const clock = new VirtualClock();
  const schedule = new PassSchedule(clock, seededRandom(1), syncPeriod);
  assert.deepEqual(schedule.take(), all);
  schedule.ended(all, clock.monotonic(), 0);
  return { schedule, clock };
}

/** Ten seconds later the look after the change finds nothing. */
async function quiet(syncPeriod?: number): Promise<{ schedule: PassSchedule; clock: VirtualClock }> {
  const { schedule, clock } = settled(syncPeriod);
  await clock.advance(schedule.pause);
  assert.deepEqual(schedule.take(), ownerless);
  schedule.ended(ownerless, clock.monotonic(), 0);
  return { schedule, clock };
}

Deno.test("everything is looked at first, then again every sync period", async () => {
  const { schedule, clock } = await quiet();
  assert.equal(schedule.take(), undefined);
  assert.equal(schedule.pause, 290_000);
  await clock.advance(290_000);
  assert.deepEqual(schedule.take(), all);
});

Deno.test("without a sync period nothing is due that nobody asks for", async () => {
  const { schedule } = await quiet(Infinity);
  assert.equal(schedule.pause, Infinity);
  assert.ok(schedule.isIdle);
});

Deno.test("a change is looked after every 10 s until a look finds nothing", async () => {
  const { schedule, clock } = settled();
  for (const found of [2, 1, 0]) {
    assert.equal(schedule.pause, 10_000);
    await clock.advance(10_000);
    assert.deepEqual(schedule.take(), ownerless);
    schedule.ended(ownerless, clock.monotonic(), found);
  }
  assert.ok(schedule.pause > 10_000);
});

Deno.test("what is asked for comes in the order of its urgency, and each once", async () => {
  const { schedule } = await quiet();
  schedule.requireShards(["b", "a"]);
  schedule.requireShards(["a"]);
  schedule.require("draining");
  schedule.require("ownerless");
  const order = [schedule.take(), schedule.take(), schedule.take(), schedule.take()];
  assert.deepEqual(order, [ownerless, draining, { type: "shards", shards: ["a", "b"] }, undefined]);
});

Deno.test("what nobody looks after goes first, and a pass over everything includes all others", async () => {
  const { schedule } = await quiet();
  schedule.requireShards(["a"]);
  schedule.require("draining");
  schedule.require("ownerless");
  schedule.require("all");
  assert.deepEqual(schedule.take(), ownerless);
  assert.deepEqual(schedule.take(), all);
  assert.ok(schedule.isIdle);
});

Deno.test("a pass that ended early, as a shard has gone, is done again after that shard's objects were seen to", async () => {
  const { schedule } = await quiet();
  for (const scope of [all, draining, { type: "shards", shards: ["a"] }] as const) {
    schedule.outdated(scope);
    assert.deepEqual(schedule.take(), ownerless);
    assert.deepEqual(schedule.take(), scope);
    assert.ok(schedule.isIdle);
  }
});

Deno.test("a pass that asks for another one has it after a second, or half a minute where it can wait", async () => {
  const { schedule, clock } = await quiet();
  schedule.requireAgain("later");
  assert.equal(schedule.pause, 30_000);
  schedule.requireAgain("soon");
  schedule.requireAgain("later");
  assert.equal(schedule.take(), undefined);
  assert.equal(schedule.isIdle, false);
  assert.equal(schedule.pause, 1_000);
  await clock.advance(1_000);
  assert.deepEqual(schedule.take(), all);
});

Deno.test("a resource that cannot be listed has everything looked at ever less often, and orphans at once", async () => {
  const { schedule, clock } = await quiet(Infinity);
  schedule.require("all");
  const pauses: number[] = [];
  let last = clock.monotonic();
  for (let i = 0; i < 9; i++) {
    assert.deepEqual(schedule.take(), all);
    schedule.missed(all, clock.monotonic());
    assert.deepEqual(schedule.take(), ownerless);
    schedule.ended(ownerless, clock.monotonic(), 0);
    await clock.advance(schedule.pause);
    pauses.push(Math.round((clock.monotonic() - last) / 1_000));
    last = clock.monotonic();
  }
  assert.ok(pauses[0] !== undefined && pauses[0] >= 5 && pauses[0] <= 8, pauses.join());
  assert.ok(pauses.slice(-2).every((pause) => pause >= 300 && pause <= 450), pauses.join());
  // After a success it begins anew.
  assert.deepEqual(schedule.take(), all);
  schedule.ended(all, clock.monotonic(), 0);
  schedule.require("all");
  schedule.take();
  schedule.missed(all, clock.monotonic());
  schedule.take();
  assert.ok(schedule.pause <= 7_500);
});

Deno.test("everything is looked at soon when what could not be listed can be listed again", async () => {
  const { schedule, clock } = await quiet();
  schedule.require("all");
  for (let tries = 0; tries < 10; tries++) {
    assert.deepEqual(schedule.take(), all);
    schedule.missed(all, clock.monotonic());
    assert.deepEqual(schedule.take(), ownerless);
    schedule.missed(ownerless, clock.monotonic());
    assert.deepEqual(schedule.take(), ownerless);
    schedule.ended(ownerless, clock.monotonic(), 0);
    assert.equal(schedule.take(), undefined);
    assert.equal(schedule.pause, 1_000);
    await clock.advance(1_000);
  }
  // Where the one can be listed and the other cannot, it is looked ever less often.
  assert.deepEqual(schedule.take(), all);
  schedule.missed(all, clock.monotonic());
  assert.deepEqual(schedule.take(), ownerless);
  schedule.ended(ownerless, clock.monotonic(), 0);
  assert.ok(schedule.pause > 60_000, `${schedule.pause}`);
});

Deno.test("passes that missed something are due again, but for single objects", async () => {
  const { schedule, clock } = await quiet();
  for (const scope of [ownerless, draining, { type: "shards", shards: ["a"] }] as const) {
    schedule.missed(scope, clock.monotonic());
    assert.deepEqual(schedule.take(), scope);
  }
  schedule.missed({ type: "objects", objects: [] }, clock.monotonic());
  assert.equal(schedule.take(), undefined);
});

Deno.test("whatever is asked for is taken in the end, and nothing that nobody asked for", () => {
  const asked = fc.constantFrom("all", "ownerless", "draining", "shards");
  fc.assert(fc.property(fc.array(asked, { maxLength: 8 }), (kinds) => {
    const { schedule } = settled(Infinity);
    for (const kind of kinds) {
      if (kind === "shards") schedule.requireShards(["a"]);
      else schedule.require(kind);
    }
    const taken: string[] = [];
    for (let scope = schedule.take(); scope !== undefined; scope = schedule.take()) taken.push(scope.type);
    const others = kinds.includes("all") ? kinds.filter((kind) => kind === "all" || kind === "ownerless") : kinds;
    assert.deepEqual(new Set(taken), new Set(others));
    assert.equal(new Set(taken).size, taken.length);
  }));
});
