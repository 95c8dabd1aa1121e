import type { Condition } from "../stage.ts";
import { vain } from "./captured_logs.ts";

/** How often a condition is looked at, in milliseconds. */
const pollInterval = 100;

/** Waits in real time until the condition holds. @throws Error with the last of the logs after `ms` milliseconds */
export async function eventually(
  what: string,
  condition: Condition,
  ms: number,
  logs: readonly string[],
): Promise<void> {
  const end = performance.now() + ms;
  while (!await condition()) {
    if (performance.now() > end) throw vain(what, ms, logs);
    await pause();
  }
}

/** Sees that the condition holds for `ms` milliseconds of real time. */
export async function consistently(what: string, condition: Condition, ms: number): Promise<void> {
  const end = performance.now() + ms;
  while (true) {
    if (!await condition()) throw new Error(`it did not stay so for ${ms} ms that ${what}`);
    if (performance.now() > end) return;
    await pause();
  }
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, pollInterval));
}
