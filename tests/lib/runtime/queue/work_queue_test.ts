import assert from "node:assert/strict";
import { type QueueObserver, WorkQueue } from "../../../../lib/runtime/queue/mod.ts";
import { VirtualClock } from "../../../../lib/util/clock/mod.ts";

function newQueue(clock?: VirtualClock, observer?: QueueObserver): WorkQueue<string> {
  return new WorkQueue<string>({
    name: "test",
    clock: clock ?? new VirtualClock(),
    ...(observer === undefined ? {} : { observer }),
  });
}

async function takeNow(worker: AsyncGenerator<string>): Promise<string | undefined> {
  const result = await worker.next();
  return result.done === true ? undefined : result.value;
}

Deno.test("WorkQueue hands out keys in the order in which they were added", async () => {
  const queue = newQueue();
  for (const key of ["a", "b", "c"]) queue.add(key);
  queue.shutDown();
  assert.deepEqual(await Array.fromAsync(queue.items()), ["a", "b", "c"]);
});

Deno.test("WorkQueue hands out a key once that was added several times while it waited", async () => {
  const queue = newQueue();
  for (const key of ["a", "b", "a", "a"]) queue.add(key);
  assert.equal(queue.length, 2);
  queue.shutDown();
  assert.deepEqual(await Array.fromAsync(queue.items()), ["a", "b"]);
});

Deno.test("WorkQueue never gives one key to two workers, and gives it again after done when it was added meanwhile", async () => {
  const queue = newQueue();
  const first = queue.items();
  const second = queue.items();
  queue.add("a");
  assert.equal(await takeNow(first), "a");
  queue.add("a");
  queue.add("b");
  assert.equal(await takeNow(second), "b");
  assert.equal(queue.length, 0);
  const again = takeNow(second);
  await first.return();
  assert.equal(await again, "a");
  await second.return();
});

Deno.test("WorkQueue marks a key done when its worker ends by an error", async () => {
  const queue = newQueue();
  queue.add("a");
  await assert.rejects(async () => {
    for await (const _key of queue.items()) throw new Error("worker failed");
  });
  queue.add("a");
  assert.equal(queue.length, 1);
});

Deno.test("WorkQueue wakes a waiting worker for a key, and another one when the first was aborted", async () => {
  const queue = newQueue();
  const abort = new AbortController();
  const aborted = queue.items(abort.signal).next();
  const waiting = queue.items();
  const next = waiting.next();
  queue.add("a"); // Wakes the first worker,
  abort.abort(); // which ends before it could take the key.
  assert.deepEqual(await next, { done: false, value: "a" });
  assert.equal((await aborted).done, true);
  await waiting.return();
});

Deno.test("WorkQueue ends an iteration at abort and keeps what waits for the others", async () => {
  const queue = newQueue();
  queue.add("a");
  assert.deepEqual(await Array.fromAsync(queue.items(AbortSignal.abort())), []);
  assert.equal(queue.length, 1);
});

Deno.test("WorkQueue makes a key due after its delay, and the earliest of several times holds", async () => {
  const clock = new VirtualClock();
  const queue = newQueue(clock);
  queue.addAfter("late", 300);
  queue.addAfter("a", 200);
  queue.addAfter("a", 100);
  queue.addAfter("a", 400);
  await clock.advance(99);
  assert.equal(queue.length, 0);
  await clock.advance(1);
  assert.equal(queue.length, 1);
  await clock.advance(1_000);
  assert.equal(queue.length, 2);
  assert.equal(clock.pending, 0);
  queue.shutDown();
  assert.deepEqual(await Array.fromAsync(queue.items()), ["a", "late"]);
});

Deno.test("WorkQueue adds at once when the delay is not positive", () => {
  const queue = newQueue();
  queue.addAfter("a", 0);
  queue.addAfter("b", -5);
  assert.equal(queue.length, 2);
});

Deno.test("WorkQueue lengthens the delay of a key from try to try until it is forgotten", async () => {
  const clock = new VirtualClock();
  const queue = newQueue(clock);
  const worker = queue.items();
  for (const delay of [5, 10, 20]) {
    queue.addRateLimited("a");
    await clock.advance(delay - 1);
    assert.equal(queue.depth, 0, `nothing is due before ${delay} ms`);
    await clock.advance(1);
    assert.equal(queue.depth, 1);
    assert.equal(await takeNow(worker), "a");
  }
  assert.equal(queue.retries("a"), 3);
  queue.forget("a");
  assert.equal(queue.retries("a"), 0);
  await worker.return();
});

Deno.test("WorkQueue ignores adds after a shutdown and drops delayed ones", async () => {
  const clock = new VirtualClock();
  const queue = newQueue(clock);
  queue.add("waits");
  queue.addAfter("delayed", 10);
  queue.shutDown();
  queue.add("b");
  queue.addAfter("c", 1);
  queue.addRateLimited("d");
  assert.equal(clock.pending, 0);
  await clock.advance(100);
  assert.deepEqual(await Array.fromAsync(queue.items()), ["waits"]);
});

Deno.test("WorkQueue hands out a key once more after a shutdown when it had been added while it was in work", async () => {
  const queue = newQueue();
  const worker = queue.items();
  queue.add("a");
  await worker.next();
  queue.add("a");
  queue.shutDown();
  assert.deepEqual(await worker.next(), { done: false, value: "a" });
  assert.deepEqual(await worker.next(), { done: true, value: undefined });
});

Deno.test("WorkQueue ends idle workers at a shutdown", async () => {
  const queue = newQueue();
  const workers = [queue.items().next(), queue.items().next()];
  queue.shutDown();
  assert.deepEqual((await Promise.all(workers)).map(({ done }) => done), [true, true]);
});

Deno.test("WorkQueue.shutDownWithDrain() waits for keys that wait and for keys in work", async () => {
  const clock = new VirtualClock();
  const queue = newQueue(clock);
  const worker = queue.items();
  queue.add("a");
  queue.add("b");
  await worker.next();
  let drained = false;
  const draining = queue.shutDownWithDrain().then(() => drained = true);
  await clock.settle();
  assert.equal(drained, false);
  await worker.next(); // a is done, b in work
  await clock.settle();
  assert.equal(drained, false);
  assert.equal((await worker.next()).done, true);
  await draining;
});

Deno.test("WorkQueue.shutDownWithDrain() ends when nothing is left, on shutDown() and on abort", async () => {
  await newQueue().shutDownWithDrain();
  const stuck = newQueue();
  stuck.add("a");
  const worker = stuck.items();
  await worker.next();
  const abort = new AbortController();
  const byAbort = stuck.shutDownWithDrain(abort.signal);
  const byShutDown = stuck.shutDownWithDrain();
  abort.abort();
  await byAbort;
  stuck.shutDown();
  await byShutDown;
  await worker.return();
});

Deno.test("WorkQueue tells its observer what happens, with times", async () => {
  const clock = new VirtualClock();
  const heard: unknown[] = [];
  const queue = newQueue(clock, {
    onCreate: (name) => heard.push(["create", name]),
    onAdd: () => heard.push("add"),
    onTake: (_, seconds) => heard.push(["take", seconds]),
    onDone: (_, seconds) => heard.push(["done", seconds]),
    onRetry: () => heard.push("retry"),
  });
  const worker = queue.items();
  queue.add("a");
  queue.add("a");
  await clock.advance(2_000);
  await worker.next();
  queue.add("a"); // Counts as waiting from now on, though it is in work.
  assert.equal(queue.depth, 1);
  await clock.advance(3_000);
  assert.deepEqual(queue.unfinished(), { totalSeconds: 3, longestSeconds: 3 });
  await worker.next();
  queue.addRateLimited("b");
  await worker.return();
  assert.deepEqual(heard, [
    ["create", "test"],
    "add",
    ["take", 2],
    "add",
    ["done", 3],
    ["take", 3],
    "retry",
    ["done", 0],
  ]);
  queue.shutDown();
});
