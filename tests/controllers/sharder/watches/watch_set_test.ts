import assert from "node:assert/strict";
import { type Watching, WatchSet } from "../../../../controllers/sharder/watches/watch_set.ts";

/** A watch that runs until it is stopped. */
class FakeWatch implements Watching {
  readonly #complete = Promise.withResolvers<void>();
  runs = 0;
  isRunning = false;

  get complete(): Promise<void> {
    return this.#complete.promise;
  }

  becomeComplete(): void {
    this.#complete.resolve();
  }

  async run(signal: AbortSignal): Promise<void> {
    this.runs++;
    this.isRunning = true;
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
    this.isRunning = false;
  }
}

Deno.test("a watch is started once, and each call waits until it is complete", async () => {
  const set = new WatchSet(new AbortController().signal);
  const watch = new FakeWatch();
  const first = set.ensure("a", () => watch);
  const second = set.ensure("a", () => assert.fail("it runs already"));
  let complete = 0;
  void first.then(() => complete++);
  void second.then(() => complete++);
  await Promise.resolve();
  assert.equal(complete, 0);
  watch.becomeComplete();
  await Promise.all([first, second]);
  assert.equal(complete, 2);
  assert.equal(watch.runs, 1);
  await set.stop();
});

Deno.test("watches that are not wanted any more end, the others run on", async () => {
  const set = new WatchSet(new AbortController().signal);
  const [a, b] = [new FakeWatch(), new FakeWatch()];
  void set.ensure("a", () => a);
  void set.ensure("b", () => b);
  await set.keepOnly((name) => name === "a");
  assert.deepEqual([a.isRunning, b.isRunning], [true, false]);
  const again = new FakeWatch();
  void set.ensure("b", () => again);
  assert.equal(again.isRunning, true);
  await set.stop();
  assert.deepEqual([a.isRunning, again.isRunning], [false, false]);
});

Deno.test("all watches end with the signal from outside", async () => {
  const stop = new AbortController();
  const set = new WatchSet(stop.signal);
  const watch = new FakeWatch();
  void set.ensure("a", () => watch);
  stop.abort();
  assert.equal(set.signal.aborted, true);
  await set.stop();
  assert.equal(watch.isRunning, false);
});
