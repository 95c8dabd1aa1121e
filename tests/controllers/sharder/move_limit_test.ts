import assert from "node:assert/strict";
import { MoveLimit } from "../../../controllers/sharder/move_limit.ts";
import { untilAborted } from "../../../lib/util/until_aborted.ts";
import { VirtualClock } from "../../../lib/util/clock/mod.ts";

const never = new AbortController().signal;

Deno.test("MoveLimit lets the moves of a second go at once, then one after the other", async () => {
  const clock = new VirtualClock();
  const limit = new MoveLimit(clock, () => 4);
  const times: number[] = [];
  const begin = clock.monotonic();
  const all = Promise.all(Array.from({ length: 7 }, async () => {
    assert.equal(await limit.turn(never), true);
    times.push(clock.monotonic() - begin);
  }));
  await clock.advance(2_000);
  await all;
  assert.deepEqual(times.map(Math.round), [0, 0, 0, 0, 250, 500, 750]);
});

Deno.test("MoveLimit below one a second begins with one move", async () => {
  const clock = new VirtualClock();
  const limit = new MoveLimit(clock, () => 0.1);
  await limit.turn(never);
  let second = false;
  const turn = limit.turn(never).then(() => second = true);
  await clock.advance(9_900);
  assert.equal(second, false);
  await clock.advance(200);
  await turn;
});

Deno.test("MoveLimit without a limit lets everything go", async () => {
  const limit = new MoveLimit(new VirtualClock(), () => undefined);
  assert.equal(limit.isSet, false);
  for (let i = 0; i < 1_000; i++) assert.equal(await limit.turn(never), true);
});

Deno.test("MoveLimit sends away who waits, and lets them come again when it is open", async () => {
  const clock = new VirtualClock();
  const limit = new MoveLimit(clock, () => 1);
  assert.equal(await limit.turn(never), true);
  const waiting = [limit.turn(never), limit.turn(never)];
  limit.sendAway();
  assert.deepEqual(await Promise.all(waiting), [false, false]);
  assert.equal(await limit.turn(never), false);
  limit.open();
  const turn = limit.turn(never);
  await clock.advance(1_000);
  assert.equal(await turn, true);
});

Deno.test("MoveLimit rejects with the reason of the caller's signal", async () => {
  const limit = new MoveLimit(new VirtualClock(), () => 1);
  assert.equal(await limit.turn(never), true);
  const stop = new AbortController();
  const turn = limit.turn(stop.signal);
  stop.abort(new Error("stopping"));
  await assert.rejects(turn, /stopping/);
});

Deno.test("MoveLimit follows a changed limit", async () => {
  const clock = new VirtualClock();
  let rate = 0.001;
  const limit = new MoveLimit(clock, () => rate);
  assert.equal(await limit.turn(never), true);
  rate = 100;
  assert.equal(await limit.turn(never), true);
});

Deno.test("MoveLimit holds a move until something else has happened, or nobody is to wait any more", async () => {
  const limit = new MoveLimit(new VirtualClock(), () => undefined);
  const event = Promise.withResolvers<void>();
  const held = limit.hold(() => event.promise, never);
  event.resolve();
  await held;
  const forEver = (signal: AbortSignal): Promise<void> => untilAborted(signal).then(() => signal.throwIfAborted());
  const sentAway = limit.hold(forEver, never);
  limit.sendAway();
  await sentAway;
  await limit.hold(forEver, never);
  limit.open();
  const stop = new AbortController();
  const stopped = limit.hold(forEver, stop.signal);
  stop.abort(new Error("stopping"));
  await assert.rejects(stopped, /stopping/);
  await assert.rejects(limit.hold(() => Promise.reject(new Error("broken")), never), /broken/);
});
