import assert from "node:assert/strict";
import { ShutdownRequest, shutdownSignal } from "../../../commands/common/shutdown.ts";

function fakeProcess(): {
  readonly parts: Parameters<typeof shutdownSignal>[0];
  readonly lines: string[];
  readonly exits: number[];
  send(): void;
} {
  const listeners = new Set<() => void>();
  const lines: string[] = [];
  const exits: number[] = [];
  return {
    lines,
    exits,
    send: () => listeners.forEach((listener) => listener()),
    parts: {
      onSignal(listener): Disposable {
        listeners.add(listener);
        return { [Symbol.dispose]: () => void listeners.delete(listener) };
      },
      print: (line) => void lines.push(line),
      exit: (code) => void exits.push(code),
    },
  };
}

Deno.test("shutdownSignal() aborts at the first signal, and says what a second one does", () => {
  const process = fakeProcess();
  using shutdown = shutdownSignal(process.parts);
  assert.equal(shutdown.signal.aborted, false);
  process.send();
  assert.ok(shutdown.signal.reason instanceof ShutdownRequest);
  assert.deepEqual(process.lines, [
    "Shutting down gracefully, send another SIGINT or SIGTERM to shut down non-gracefully",
  ]);
  assert.deepEqual(process.exits, []);
});

Deno.test("shutdownSignal() ends the process with 1 at the second signal", () => {
  const process = fakeProcess();
  using _shutdown = shutdownSignal(process.parts);
  process.send();
  process.send();
  assert.deepEqual(process.exits, [1]);
});

Deno.test("shutdownSignal() does not listen any more once it is disposed of", () => {
  const process = fakeProcess();
  const shutdown = shutdownSignal(process.parts);
  shutdown[Symbol.dispose]();
  process.send();
  assert.equal(shutdown.signal.aborted, false);
});
