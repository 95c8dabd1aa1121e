import assert from "node:assert/strict";
import fc from "fast-check";
import { WorkQueue } from "../../../../lib/runtime/queue/mod.ts";
import { VirtualClock } from "../../../../lib/util/clock/mod.ts";

/** The specification, as simple as it can be said: no heap, no timers, no workers that wait. */
class Model {
  waiting: string[] = [];
  again = new Set<string>();
  working = new Map<number, string>();
  /** In the order in which the times were set. */
  delayed = new Map<string, number>();
  now = 0;
  ended = false;

  add(key: string): void {
    if (this.ended || this.waiting.includes(key)) return;
    if ([...this.working.values()].includes(key)) this.again.add(key);
    else this.waiting.push(key);
  }

  addAfter(key: string, ms: number): void {
    if (this.ended) return;
    if (ms <= 0) this.add(key);
    else if (this.now + ms < (this.delayed.get(key) ?? Infinity)) {
      this.delayed.delete(key);
      this.delayed.set(key, this.now + ms);
    }
  }

  advance(ms: number): void {
    this.now += ms;
    const due = [...this.delayed].filter(([, time]) => time <= this.now).sort((a, b) => a[1] - b[1]);
    for (const [key] of due) {
      this.delayed.delete(key);
      this.add(key);
    }
  }

  take(worker: number): string | undefined {
    const key = this.waiting.shift();
    if (key !== undefined) this.working.set(worker, key);
    return key;
  }

  done(worker: number): void {
    const key = this.working.get(worker);
    this.working.delete(worker);
    if (key !== undefined && this.again.delete(key)) this.waiting.push(key);
  }

  shutDown(): void {
    this.ended = true;
    this.delayed.clear();
  }
}

interface Real {
  readonly clock: VirtualClock;
  readonly queue: WorkQueue<string>;
  readonly workers: Map<number, AsyncGenerator<string>>;
}

type Step = fc.AsyncCommand<Model, Real>;

function check(model: Model, { queue }: Real): void {
  assert.equal(queue.length, model.waiting.length);
  assert.equal(queue.depth, model.waiting.length + model.again.size);
  assert.equal(queue.delayed, model.delayed.size);
}

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.constantFrom("a", "b", "c", "d").map((key): Step => ({
    check: () => true,
    run: (model, real) => {
      model.add(key);
      real.queue.add(key);
      return Promise.resolve(check(model, real));
    },
    toString: () => `add(${key})`,
  })),
  fc.tuple(fc.constantFrom("a", "b", "c", "d"), fc.nat(8)).map(([key, tens]): Step => ({
    check: () => true,
    run: (model, real) => {
      const ms = tens * 10;
      model.addAfter(key, ms);
      real.queue.addAfter(key, ms);
      return Promise.resolve(check(model, real));
    },
    toString: () => `addAfter(${key}, ${tens * 10})`,
  })),
  fc.nat(10).map((fives): Step => ({
    check: () => true,
    run: async (model, real) => {
      model.advance(fives * 5);
      await real.clock.advance(fives * 5);
      check(model, real);
    },
    toString: () => `advance(${fives * 5})`,
  })),
  fc.nat(2).map((worker): Step => ({
    // A worker that asks for the next key is done with its last one; it takes one only if there is one.
    check: (model) => model.waiting.length > 0 || model.again.has(model.working.get(worker) ?? ""),
    run: async (model, real) => {
      model.done(worker);
      const expected = model.take(worker);
      const generator = real.workers.get(worker) ?? real.queue.items();
      real.workers.set(worker, generator);
      const result = await generator.next();
      assert.equal(result.done === true ? undefined : result.value, expected);
      check(model, real);
    },
    toString: () => `take(${worker})`,
  })),
  fc.nat(2).map((worker): Step => ({
    check: (model) => model.working.has(worker),
    run: async (model, real) => {
      model.done(worker);
      await real.workers.get(worker)?.return(undefined);
      real.workers.delete(worker);
      check(model, real);
    },
    toString: () => `done(${worker})`,
  })),
);

const shutDown: fc.Arbitrary<Step> = fc.constant({
  check: () => true,
  run: (model: Model, real: Real) => {
    model.shutDown();
    real.queue.shutDown();
    return Promise.resolve(check(model, real));
  },
  toString: () => "shutDown()",
});

Deno.test("WorkQueue behaves as its specification under any sequence of calls", async () => {
  const steps = fc.commands([...Array.from({ length: 40 }, () => step), shutDown], { maxCommands: 80, size: "max" });
  await fc.assert(
    fc.asyncProperty(steps, async (commands) => {
      const clock = new VirtualClock();
      const queue = new WorkQueue<string>({ name: "model", clock });
      const real: Real = { clock, queue, workers: new Map() };
      await fc.asyncModelRun(() => ({ model: new Model(), real }), commands);
      for (const worker of real.workers.values()) await worker.return(undefined);
      queue.shutDown();
      assert.equal(clock.pending, 0);
    }),
    { numRuns: 200 },
  );
});
