import { Counter, Gauge, type Registry } from "prom-client";
import type { Labels } from "./tally.ts";

/** A counter or gauge whose values are kept by whoever measures, and read at each scrape. */
export interface CollectedOptions {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  /** The series that there are at this moment; those that it no longer names have vanished. */
  readonly series: () => Iterable<readonly [Labels, number]>;
}

/** Serves a number that only grows. */
export function registerCounter(registry: Registry, options: CollectedOptions): void {
  const { name, help, labelNames, series } = options;
  new Counter({
    name,
    help,
    labelNames: [...labelNames],
    registers: [registry],
    collect(): void {
      this.reset();
      for (const [labels, value] of series()) this.inc({ ...labels }, value);
    },
  });
}

/** Serves a number that goes up and down. */
export function registerGauge(registry: Registry, options: CollectedOptions): void {
  const { name, help, labelNames, series } = options;
  new Gauge({
    name,
    help,
    labelNames: [...labelNames],
    registers: [registry],
    collect(): void {
      this.reset();
      for (const [labels, value] of series()) this.set({ ...labels }, value);
    },
  });
}
