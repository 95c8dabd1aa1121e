import { Counter, Gauge, type Registry } from "./prom_client.ts";
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
  new Counter(collected<Counter>(registry, options, (counter, labels, value) => counter.inc(labels, value)));
}

/** Serves a number that goes up and down. */
export function registerGauge(registry: Registry, options: CollectedOptions): void {
  new Gauge(collected<Gauge>(registry, options, (gauge, labels, value) => gauge.set(labels, value)));
}

/** What prom-client's counters and gauges are made of. */
interface Collected<Metric> {
  readonly name: string;
  readonly help: string;
  readonly labelNames: string[];
  readonly registers: Registry[];
  readonly collect: (this: Metric) => void;
}

function collected<Metric extends { reset(): void }>(
  registry: Registry,
  { name, help, labelNames, series }: CollectedOptions,
  tell: (metric: Metric, labels: Record<string, string>, value: number) => void,
): Collected<Metric> {
  return {
    name,
    help,
    labelNames: [...labelNames],
    registers: [registry],
    collect(): void {
      this.reset();
      for (const [labels, value] of series()) tell(this, { ...labels }, value);
    },
  };
}
