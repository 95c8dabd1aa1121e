import type { JSONValue } from "../k8s/contract.ts";
import type { Clock } from "../util/clock/mod.ts";

/** The same values in the same order, each `ms` milliseconds after it came; so the stream lags, but is no slower. */
export function slowDown(
  source: ReadableStream<JSONValue | Uint8Array>,
  ms: number,
  clock: Clock,
  signal: AbortSignal | undefined,
): ReadableStream<JSONValue | Uint8Array> {
  const reader = source.getReader();
  const timers = new Set<Disposable>();
  let over = false;
  function end(): void {
    over = true;
    signal?.removeEventListener("abort", end);
    for (const timer of timers) timer[Symbol.dispose]();
    timers.clear();
  }
  function later(act: () => void): void {
    if (over) return;
    const timer = clock.timer(ms, () => {
      timers.delete(timer);
      if (!over) act();
    });
    timers.add(timer);
  }
  return new ReadableStream({
    start(controller): void {
      signal?.addEventListener("abort", end, { once: true });
      void pass(controller);
    },
    cancel(reason): Promise<void> {
      end();
      return reader.cancel(reason);
    },
  });

  async function pass(controller: ReadableStreamDefaultController<JSONValue | Uint8Array>): Promise<void> {
    try {
      for (let next = await reader.read(); !next.done; next = await reader.read()) {
        const { value } = next;
        later(() => controller.enqueue(value));
      }
      later(() => {
        end();
        controller.close();
      });
    } catch (error) {
      // A connection that breaks takes with it what was still on its way.
      const cancelled = over && signal?.aborted !== true;
      end();
      if (!cancelled) controller.error(error);
    }
  }
}
