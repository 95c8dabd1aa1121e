import type { Registry } from "./prom_client.ts";
import { type Clock, sleep } from "../../util/clock/mod.ts";
import type { Runnable } from "../runnable.ts";
import { registerTallies, Tally } from "./tally.ts";

/** Milliseconds between two looks. A shorter one finds more of the short pauses, and wakes an idle process more often. */
const interval = 200;

const bounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

/**
 * Measures how late timers come: for so long everything else, admissions and renewals among it, had to wait as well.
 * @param name of the histogram.
 */
export function eventLoopLag(registry: Registry, name: string, clock: Clock): Runnable {
  const lag = new Tally(bounds);
  registerTallies(registry, {
    name,
    help: "How much later than wanted timers come, in seconds: for so long the process was busy with something else",
    labelNames: [],
    bounds,
    series: () => [[{}, lag]],
  });
  return {
    name: "measurement of the event loop's lag",
    async run(signal): Promise<void> {
      while (!signal.aborted) {
        const begin = clock.monotonic();
        try {
          await sleep(clock, interval, signal);
        } catch {
          return; // The signal has aborted.
        }
        lag.observe(Math.max(clock.monotonic() - begin - interval, 0) / 1_000);
      }
    },
  };
}
