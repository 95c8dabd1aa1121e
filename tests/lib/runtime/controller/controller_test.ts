import assert from "node:assert/strict";
import {
  Controller,
  type ControllerObserver,
  type ControllerOptions,
  type Reconcile,
  TerminalError,
} from "../../../../lib/runtime/controller/mod.ts";
import { WorkNotStoppedError } from "../../../../lib/runtime/runnable.ts";
import { sleep, VirtualClock } from "../../../../lib/util/clock/mod.ts";
import { seededRandom } from "../../../../lib/util/random.ts";
import { captureLogs } from "../logs.ts";
import { FakeSource } from "./fake_source.ts";

interface Fixture {
  readonly clock: VirtualClock;
  readonly source: FakeSource;
  readonly stop: AbortController;
  readonly kill: AbortController;
  readonly running: Promise<void>;
}

/** A controller that runs; with a kill signal only if asked for. */
async function start(
  reconcile: Reconcile,
  options: Partial<ControllerOptions> & { readonly withKill?: boolean } = {},
): Promise<Fixture> {
  const clock = new VirtualClock();
  const source = new FakeSource();
  const stop = new AbortController();
  const kill = new AbortController();
  const { withKill = false, ...rest } = options;
  const controller = new Controller({
    name: "test",
    reconcile,
    sources: [source],
    clock,
    random: seededRandom(1),
    ...rest,
  });
  const running = controller.run(stop.signal, withKill ? kill.signal : undefined);
  running.catch(() => undefined); // Asserted on by the test, perhaps later than it rejects.
  await clock.settle();
  return { clock, source, stop, kill, running };
}

Deno.test("Controller calls the reconciler once for a key that comes several times", async () => {
  const seen: string[] = [];
  const { clock, source, stop, running } = await start(({ namespace, name }) => {
    seen.push(`${namespace}/${name}`);
    return Promise.resolve();
  });
  for (const name of ["a", "b", "a"]) source.send(name);
  await clock.settle();
  assert.deepEqual(seen, ["default/a", "default/b"]);
  stop.abort();
  await running;
  assert.equal(clock.pending, 0);
});

Deno.test("Controller works on several keys at a time, never twice on one", async () => {
  const clock = new VirtualClock();
  let busiest = 0;
  const busy = new Set<string>();
  const { source, stop, running } = await start(async ({ name }) => {
    assert.equal(busy.has(name), false);
    busy.add(name);
    busiest = Math.max(busiest, busy.size);
    await sleep(clock, 100);
    busy.delete(name);
  }, { clock, workers: 3 });
  for (const name of ["a", "b", "c", "d", "e"]) source.send(name);
  await clock.advance(50);
  source.send("a");
  await clock.advance(1_000);
  assert.equal(busiest, 3);
  stop.abort();
  await running;
});

Deno.test("Controller tries again with growing pauses after an error, and begins anew after a success", async () => {
  const times: number[] = [];
  let failures = 3;
  const clock = new VirtualClock();
  const { source, stop, running } = await start(() => {
    times.push(clock.monotonic());
    return failures-- > 0 ? Promise.reject(new Error("refused")) : Promise.resolve();
  }, { clock });
  source.send("a");
  await clock.advance(1_000);
  assert.deepEqual(times, [0, 5, 15, 35]);
  failures = 1;
  source.send("a");
  await clock.advance(1_000);
  assert.deepEqual(times.slice(4), [1_000, 1_005]);
  stop.abort();
  await running;
});

Deno.test("Controller does not try again after a terminal error, but with the next event", async () => {
  let calls = 0;
  const { clock, source, stop, running } = await start(() => {
    calls++;
    throw new TerminalError("the selector is invalid");
  });
  const logs = await captureLogs(clock);
  source.send("a");
  await clock.advance(10_000);
  assert.equal(calls, 1);
  assert.match(logs.join(""), /reconcile failed for good.*/);
  source.send("a");
  await clock.settle();
  assert.equal(calls, 2);
  stop.abort();
  await running;
});

Deno.test("Controller logs a mistake of the program with the object's key and stack, and goes on", async () => {
  let calls = 0;
  const { clock, source, stop, running } = await start(({ name }) => {
    calls++;
    if (name === "bad" && calls === 1) throw new TypeError("x is not a function");
    return Promise.resolve();
  });
  const logs = await captureLogs(clock);
  source.send("bad");
  source.send("good");
  await clock.advance(100);
  assert.equal(calls, 3);
  const mistake = logs.find((line) => line.includes("mistake of the program")) ?? "";
  assert.match(mistake, /"name":"bad"/);
  assert.match(mistake, /controller_test\.ts/);
  stop.abort();
  await running;
});

Deno.test("Controller comes back after requeueAfter, and earlier when something happens", async () => {
  const times: number[] = [];
  const clock = new VirtualClock();
  const { source, stop, running } = await start(() => {
    times.push(clock.monotonic());
    return Promise.resolve({ requeueAfter: 1_000 });
  }, { clock });
  source.send("a");
  await clock.advance(1_300);
  source.send("a");
  await clock.advance(1_000);
  // The wait from the call at 1000 still counts: of two times the earliest holds.
  assert.deepEqual(times, [0, 1_000, 1_300, 2_000]);
  stop.abort();
  await running;
  assert.equal(clock.pending, 0);
});

Deno.test("Controller lets the rate limiter decide for a requeueAfter of 0, and refuses NaN", async () => {
  const times: number[] = [];
  const clock = new VirtualClock();
  const answers = [0, 0, NaN, undefined];
  const { source, stop, running } = await start(() => {
    times.push(clock.monotonic());
    const requeueAfter = answers.shift();
    return Promise.resolve(requeueAfter === undefined ? undefined : { requeueAfter });
  }, { clock });
  source.send("a");
  await clock.advance(1_000);
  assert.deepEqual(times, [0, 5, 15, 35]);
  stop.abort();
  await running;
});

Deno.test("Controller starts workers only when all sources are ready, and says which ones it waits for", async () => {
  const clock = new VirtualClock();
  const logs = await captureLogs(clock);
  const slow = new FakeSource("secrets", false);
  const quick = new FakeSource("configmaps");
  let calls = 0;
  const reconcile = (): Promise<void> => Promise.resolve(void calls++);
  const { stop, running } = await start(reconcile, { clock, sources: [quick, slow] });
  quick.send("a");
  await clock.advance(45_000);
  assert.equal(calls, 0);
  const waits = logs.filter((line) => line.includes("not ready yet")).map((line) => JSON.parse(line));
  assert.deepEqual(waits.map(({ sources, waitedSeconds }) => [sources, waitedSeconds]), [
    ["secrets", 10],
    ["secrets", 20],
    ["secrets", 40],
  ]);
  slow.becomeReady();
  await clock.settle();
  assert.equal(calls, 1);
  stop.abort();
  await running;
  assert.equal(clock.pending, 0);
});

Deno.test("Controller stops while it waits for its sources", async () => {
  const clock = new VirtualClock();
  const never = { name: "never", start: () => Promise.resolve(), whenReady: untilAborted };
  const { stop, running } = await start(() => Promise.resolve(), { clock, sources: [never] });
  stop.abort();
  await running;
  assert.equal(clock.pending, 0);
});

Deno.test("Controller ends with the error of a source", async () => {
  const broken = {
    name: "broken",
    start: () => Promise.reject(new Error("cannot open")),
    whenReady: () => Promise.resolve(),
  };
  const { running, clock } = await start(() => Promise.resolve(), { sources: [broken] });
  await assert.rejects(running, /cannot open/);
  assert.equal(clock.pending, 0);
});

Deno.test("Controller hands out no key after a stop and lets the calls in flight finish", async () => {
  const finished: string[] = [];
  const clock = new VirtualClock();
  const { source, stop, running } = await start(async ({ name }, { signal }) => {
    await sleep(clock, 5_000, signal);
    finished.push(name);
  }, { clock });
  source.send("a");
  source.send("b");
  await clock.advance(1_000);
  stop.abort();
  await clock.advance(4_000);
  await running;
  assert.deepEqual(finished, ["a"]);
  assert.equal(clock.pending, 0);
});

Deno.test("Controller aborts calls in flight after the grace period, or when it is killed", async () => {
  for (const withKill of [false, true]) {
    const clock = new VirtualClock();
    const { source, stop, kill, running } = await start(
      (_key, { signal }) => untilAborted(signal),
      { clock, gracePeriod: 3_000, withKill },
    );
    source.send("a");
    await clock.settle();
    stop.abort();
    let ended = false;
    void running.then(() => ended = true);
    await clock.advance(2_999);
    assert.equal(ended, false);
    if (withKill) kill.abort();
    await clock.advance(1);
    await running;
    assert.equal(clock.pending, 0);
  }
});

Deno.test("Controller gives up a call that never ends, and names its key", async () => {
  const { clock, source, stop, running } = await start(() => new Promise(() => {}), { gracePeriod: 3_000 });
  source.send("stuck");
  await clock.settle();
  stop.abort();
  await clock.advance(4_000);
  await assert.rejects(running, (error) => {
    assert.ok(error instanceof WorkNotStoppedError);
    assert.deepEqual(error.unfinished, ["test (default/stuck)"]);
    return true;
  });
  assert.equal(clock.pending, 0);
});

Deno.test("Controller tells its observer outcomes, times and busy workers", async () => {
  const clock = new VirtualClock();
  const heard: unknown[] = [];
  const observer: ControllerObserver = {
    onCreate: (name, workers) => heard.push([name, workers]),
    onActive: (_, workers) => heard.push(workers),
    onReconciled: (_, { outcome, seconds, terminal, panic }) => heard.push([outcome, seconds, terminal, panic]),
  };
  const { source, stop, running } = await start(async ({ name }) => {
    await sleep(clock, 2_000);
    if (name === "terminal") throw new TerminalError("no");
    return { requeueAfter: 60_000 };
  }, { clock, observer });
  source.send("terminal");
  await clock.advance(2_000);
  source.send("later");
  await clock.advance(2_000);
  assert.deepEqual(heard, [
    ["test", 1],
    1,
    0,
    ["error", 2, true, false],
    1,
    0,
    ["requeue_after", 2, false, false],
  ]);
  stop.abort();
  await running;
});

Deno.test("Controller refuses a number of workers that makes no sense", () => {
  const options = { name: "x", reconcile: () => Promise.resolve(), sources: [] };
  const clock = new VirtualClock();
  for (const workers of [0, -1, 1.5, NaN]) {
    assert.throws(() => new Controller({ ...options, clock, random: seededRandom(1), workers }), RangeError);
  }
});

function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true }));
}
