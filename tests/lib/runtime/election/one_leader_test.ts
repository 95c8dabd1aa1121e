import assert from "node:assert/strict";
import fc from "fast-check";
import type { LeaderElector } from "../../../../lib/runtime/election/mod.ts";
import { sleep, VirtualClock } from "../../../../lib/util/clock/mod.ts";
import { type Random, seededRandom } from "../../../../lib/util/random.ts";
import { FakeServer, type Network } from "../fake_server.ts";
import { candidate } from "./fixture.ts";
import { ProcessClock } from "../../../../lib/testing/process_clock.ts";
import { runs } from "../../../support/runs.ts";

interface Weather {
  readonly seed: number;
  /** Shares of requests that fail on each leg, and that hang. */
  readonly failing: number;
  readonly hanging: number;
  /** Longest delay of each leg in milliseconds. */
  readonly delay: number;
  /** Share of the rounds in which a process freezes, or is stopped and begins anew. */
  readonly freezing: number;
  readonly stopping: number;
}

const weather: fc.Arbitrary<Weather> = fc.record({
  seed: fc.integer(),
  failing: fc.double({ min: 0, max: 0.15, noNaN: true }),
  hanging: fc.double({ min: 0, max: 0.1, noNaN: true }),
  delay: fc.nat(2_500),
  freezing: fc.double({ min: 0.02, max: 0.2, noNaN: true }),
  stopping: fc.double({ min: 0.02, max: 0.1, noNaN: true }),
});

/** Delays, loses and hangs requests of one process; a frozen process gets no answers either. */
function network(
  clock: VirtualClock,
  own: ProcessClock,
  random: Random,
  { failing, hanging, delay }: Weather,
): Network {
  return async (leg) => {
    const fate = random.next();
    const time = random.next() * delay;
    // A hanging request may still arrive, long after its sender gave up.
    await sleep(leg === "request" ? clock : own, fate < hanging ? 20_000 + time : time);
    if (fate > 1 - failing) throw new Error("connection reset");
  };
}

interface Write {
  readonly time: number;
  readonly who: string;
  /** Number of the call of `lead`. */
  readonly term: number;
}

const nextTerm = { number: 0 };

/** A process: campaigns again and again, and writes every 100 ms while it leads and its fence stands. */
async function campaign(
  elector: LeaderElector,
  who: string,
  clock: ProcessClock,
  global: VirtualClock,
  stop: () => AbortSignal,
  end: AbortSignal,
  writes: Write[],
): Promise<void> {
  while (!end.aborted) {
    await elector.run(AbortSignal.any([end, stop()]), async (term) => {
      const number = nextTerm.number++;
      while (!term.aborted && !end.aborted) {
        if (!elector.expired()) writes.push({ time: global.monotonic(), who, term: number });
        await sleep(clock, 100, term).catch(() => undefined);
      }
    }).catch(() => undefined);
    await sleep(clock, 500, end).catch(() => undefined);
  }
}

Deno.test("LeaderElector: candidates never write in overlapping intervals, whatever network and processes do", async () => {
  let terms = 0;
  await fc.assert(
    fc.asyncProperty(weather, async (weather) => {
      const clock = new VirtualClock();
      const random = seededRandom(weather.seed);
      const server = new FakeServer();
      const end = new AbortController();
      const writes: Write[] = [];
      const processes = ["a", "b", "c"].map((who) => {
        const own = new ProcessClock(clock, (random.next() - 0.5) * 3_600_000);
        const options = { network: network(clock, own, random, weather), random };
        let stop = new AbortController();
        const nextStop = (): AbortSignal => (stop = new AbortController()).signal;
        const done = campaign(candidate(server, own, who, options), who, own, clock, nextStop, end.signal, writes);
        return { own, done, stop: () => stop.abort() };
      });
      for (let round = 0; round < 80; round++) {
        for (const { own, stop } of processes) {
          if (own.frozen && random.next() < 0.3) own.thaw(random.next() < 0.5);
          else if (own.frozen) continue; // Long enough for others to take over.
          else if (random.next() < weather.freezing) own.freeze();
          else if (random.next() < weather.stopping) stop();
        }
        await clock.advance(random.next() * 15_000);
      }
      end.abort();
      for (const { own } of processes) own.thaw(false);
      await clock.advance(60_000);
      await Promise.all(processes.map(({ done }) => done));
      terms += checkNoOverlap(writes);
    }),
    { numRuns: runs(8) },
  );
  assert.ok(terms > runs(12), `the test must see many changes of leadership: it saw ${terms}`);
});

/** Once another term has begun to write, the one before must never write again. Returns the number of terms. */
function checkNoOverlap(writes: readonly Write[]): number {
  const ended = new Set<number>();
  let last: Write | undefined;
  for (const write of writes) {
    if (last !== undefined && last.term !== write.term) ended.add(last.term);
    assert.ok(!ended.has(write.term), `${write.who} writes again at ${write.time}, after ${last?.who} began`);
    last = write;
  }
  return ended.size + 1;
}
