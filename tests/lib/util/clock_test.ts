import assert from "node:assert/strict";
import { deadline, DeadlineError, sleep, systemClock, VirtualClock } from "../../../lib/util/clock/mod.ts";

Deno.test("VirtualClock fires timers in the order of their due time, equal ones as they were set", async () => {
  const clock = new VirtualClock();
  const fired: string[] = [];
  for (const [name, ms] of [["c", 30], ["a", 10], ["b1", 20], ["b2", 20]] as const) {
    clock.timer(ms, () => fired.push(`${name}@${clock.monotonic()}`));
  }
  await clock.advance(25);
  assert.deepEqual(fired, ["a@10", "b1@20", "b2@20"]);
  assert.equal(clock.pending, 1);
});

Deno.test("VirtualClock runs what follows from a timer before the next one", async () => {
  const clock = new VirtualClock();
  const seen: number[] = [];
  async function tick(): Promise<void> {
    for (let i = 0; i < 3; i++) {
      await sleep(clock, 10);
      seen.push(clock.monotonic());
    }
  }
  const done = tick();
  await clock.advance(30);
  await done;
  assert.deepEqual(seen, [10, 20, 30]);
});

Deno.test("VirtualClock.jump() moves the wall clock and leaves the monotonic time", async () => {
  const clock = new VirtualClock(1_000);
  clock.jump(-400);
  await clock.advance(50);
  assert.equal(clock.now(), 650);
  assert.equal(clock.monotonic(), 50);
});

Deno.test("VirtualClock.advanceUntil() stops at the first moment at which the condition holds", async () => {
  const clock = new VirtualClock();
  let count = 0;
  const stop = new AbortController();
  const loop = (async () => {
    while (true) {
      await sleep(clock, 7, stop.signal);
      count++;
    }
  })();
  await clock.advanceUntil(() => count === 3, 1_000);
  assert.equal(clock.monotonic(), 21);
  await assert.rejects(clock.advanceUntil(() => false, 10), /did not hold within 10 ms/);
  stop.abort(new Error("enough"));
  await assert.rejects(loop, /enough/);
  assert.equal(clock.pending, 0);
});

Deno.test("sleep() rejects with the signal's reason and gives its timer back", async () => {
  const clock = new VirtualClock();
  const controller = new AbortController();
  const sleeping = sleep(clock, 1_000, controller.signal);
  controller.abort(new Error("stop"));
  await assert.rejects(sleeping, /stop/);
  await assert.rejects(sleep(clock, 1_000, controller.signal), /stop/);
  assert.equal(clock.pending, 0);
});

Deno.test("deadline() aborts with an error that names what took too long, or with its parent", async () => {
  const clock = new VirtualClock();
  using late = deadline(clock, 100, "the list of secrets");
  await clock.advance(100);
  assert.ok(late.signal.reason instanceof DeadlineError);
  assert.match(late.signal.reason.message, /the list of secrets took longer than 100 ms/);

  const parent = new AbortController();
  {
    using early = deadline(clock, 100, "x", parent.signal);
    parent.abort("parent");
    assert.equal(early.signal.reason, "parent");
  }
  assert.equal(clock.pending, 0);
});

Deno.test("systemClock measures time and cancels timers", async () => {
  const before = systemClock.monotonic();
  await sleep(systemClock, 1);
  assert.ok(systemClock.monotonic() > before);
  assert.ok(Math.abs(systemClock.now() - Date.now()) < 1_000);
  systemClock.timer(2 ** 40, () => assert.fail("cancelled timers do not fire"))[Symbol.dispose]();
});
