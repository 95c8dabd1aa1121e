import { AsyncLocalStorage } from "node:async_hooks";
import type { Clock } from "../../../lib/util/clock/mod.ts";
import { configureLogging } from "../../../lib/util/log.ts";

/** Collects the log lines of everything in this process, from now on. */
export async function captureLogs(clock: Clock, logs: string[]): Promise<void> {
  await configureLogging({ format: "text", level: "info", clock, write: (line) => void logs.push(line.trimEnd()) });
}

/** Collects the log lines of tests that run at the same time, of each by itself. */
export class LogsByTest {
  readonly #current = new AsyncLocalStorage<string[]>();
  /** Lines that came from outside of all tests. */
  readonly strays: string[] = [];

  /** Begins to collect. */
  async capture(clock: Clock): Promise<void> {
    const write = (line: string): void => void (this.#current.getStore() ?? this.strays).push(line.trimEnd());
    await configureLogging({ format: "text", level: "info", clock, write });
  }

  /** Runs a test; whatever it causes logs to the lines that it gets. */
  run<T>(test: (logs: readonly string[]) => Promise<T>): Promise<T> {
    const logs: string[] = [];
    return this.#current.run(logs, () => test(logs));
  }
}

/** What a failed wait tells: the condition and what was logged last. */
export function vain(what: string, ms: number, logs: readonly string[], cause?: unknown): Error {
  const lines = logs.slice(-25).map((line) => `  ${line}\n`).join("");
  return new Error(`within ${ms} ms it did not come to be that ${what}; last log lines:\n${lines}`, { cause });
}
