import assert from "node:assert/strict";
import { ShutdownRequest, shutdownSignal, type StopSignal } from "../../../commands/common/shutdown.ts";
import { VirtualClock } from "../../../lib/util/clock/mod.ts";

function fakeProcess(): {
  readonly parts: Parameters<typeof shutdownSignal>[0];
  readonly clock: VirtualClock;
  readonly lines: string[];
  readonly exits: number[];
  send(signal: StopSignal): void;
} {
  const listeners = new Set<(signal: StopSignal) => void>();
  const lines: string[] = [];
  const exits: number[] = [];
  const clock = new VirtualClock();
  return {
    clock,
    lines,
    exits,
    send: (signal) => listeners.forEach((listener) => listener(signal)),
    parts: {
      clock,
      onSignal(listener): Disposable {
        listeners.add(listener);
        return { [Symbol.dispose]: () => void listeners.delete(listener) };
      },
      print: (line) => void lines.push(line),
      exit: (code) => void exits.push(code),
    },
  };
}

Deno.test("shutdownSignal() aborts at once at SIGTERM, and says what a second signal does", () => {
  const process = fakeProcess();
  using shutdown = shutdownSignal(process.parts);
  assert.equal(shutdown.signal.aborted, false);
  process.send("SIGTERM");
  assert.ok(shutdown.signal.reason instanceof ShutdownRequest);
  assert.deepEqual(process.lines, [
    "Shutting down gracefully, send another SIGINT or SIGTERM to shut down non-gracefully",
  ]);
  assert.deepEqual(process.exits, []);
});

Deno.test("shutdownSignal() gives a person two seconds after SIGINT to press Ctrl-C again", async () => {
  const process = fakeProcess();
  using shutdown = shutdownSignal(process.parts);
  process.send("SIGINT");
  assert.deepEqual(process.lines, [
    "Shutting down gracefully in 2 seconds, send another SIGINT or SIGTERM to shut down non-gracefully",
  ]);
  await process.clock.advance(1_999);
  assert.equal(shutdown.signal.aborted, false);
  await process.clock.advance(1);
  assert.ok(shutdown.signal.reason instanceof ShutdownRequest);
  assert.deepEqual(process.exits, []);
});

Deno.test("shutdownSignal() without time for second thoughts aborts at once at SIGINT too", () => {
  const process = fakeProcess();
  using shutdown = shutdownSignal({ ...process.parts, secondThoughts: 0 });
  process.send("SIGINT");
  assert.ok(shutdown.signal.reason instanceof ShutdownRequest);
  assert.deepEqual(process.lines, [
    "Shutting down gracefully, send another SIGINT or SIGTERM to shut down non-gracefully",
  ]);
});

Deno.test("shutdownSignal() takes a signal that a launcher passes on for the same one", async () => {
  const process = fakeProcess();
  using shutdown = shutdownSignal({ ...process.parts, secondThoughts: 0, echoes: 500 });
  process.send("SIGINT");
  await process.clock.advance(499);
  process.send("SIGINT");
  assert.deepEqual(process.exits, []);
  await process.clock.advance(1);
  process.send("SIGINT");
  assert.deepEqual(process.exits, [1]);
  assert.equal(shutdown.signal.aborted, true);
  assert.equal(process.lines.length, 1);
});

for (const first of ["SIGINT", "SIGTERM"] as const) {
  for (const second of ["SIGINT", "SIGTERM"] as const) {
    Deno.test(`shutdownSignal() ends the process with 1 when ${second} comes after ${first}`, () => {
      const process = fakeProcess();
      using shutdown = shutdownSignal(process.parts);
      process.send(first);
      process.send(second);
      assert.deepEqual(process.exits, [1]);
      // A crash, not a stop: after Ctrl-C nothing has begun to end.
      assert.equal(shutdown.signal.aborted, first === "SIGTERM");
    });
  }
}

Deno.test("shutdownSignal() neither listens nor waits any more once it is disposed of", async () => {
  const process = fakeProcess();
  const asked = shutdownSignal(process.parts);
  process.send("SIGINT");
  asked[Symbol.dispose]();
  const unasked = shutdownSignal(process.parts);
  unasked[Symbol.dispose]();
  process.send("SIGTERM");
  await process.clock.advance(10_000);
  assert.equal(asked.signal.aborted, false);
  assert.equal(unasked.signal.aborted, false);
  assert.deepEqual(process.exits, []);
});
