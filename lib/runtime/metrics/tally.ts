import { Histogram, type Registry } from "./prom_client.ts";

/** One series of a histogram: how many values were observed up to each bound, and their sum. */
export class Tally {
  readonly bounds: readonly number[];
  /** One for each bound, and one for what is above all of them. */
  readonly counts: Float64Array;
  #sum = 0;

  /** @param bounds ascending. */
  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = new Float64Array(bounds.length + 1);
  }

  /** The sum of all values. */
  get sum(): number {
    return this.#sum;
  }

  /** Counts a value: some nanoseconds. */
  observe(value: number): void {
    const { bounds, counts } = this;
    let bucket = 0;
    while (bucket < bounds.length && value > (bounds[bucket] ?? Infinity)) bucket++;
    counts[bucket] = (counts[bucket] ?? 0) + 1;
    this.#sum += value;
  }
}

/** Labels of a series. */
export type Labels = Readonly<Record<string, string>>;

/** A histogram whose series are kept by whoever measures. */
export interface TalliesOptions {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  readonly bounds: readonly number[];
  /** The series that there are at this moment; those that it no longer names have vanished. */
  readonly series: () => Iterable<readonly [Labels, Tally]>;
}

/**
 * Serves tallies as a histogram. prom-client's own takes about a microsecond for each observation, as it builds a key from
 * the labels every time, and has to be told of every series that is over.
 */
export function registerTallies(registry: Registry, options: TalliesOptions): void {
  registry.registerMetric(new TallyHistogram(options));
}

type Exported = Awaited<ReturnType<Histogram["get"]>>;

class TallyHistogram extends Histogram {
  readonly #options: TalliesOptions;
  /** Name, help and type, as prom-client says them. */
  readonly #head: Promise<Exported>;

  constructor(options: TalliesOptions) {
    const { name, help, labelNames, bounds } = options;
    const config = { name, help, labelNames: [...labelNames], buckets: [...bounds], registers: [] };
    super(config);
    this.#options = options;
    this.#head = new Histogram(config).get();
  }

  override async get(): Promise<Exported> {
    const { name, bounds, series } = this.#options;
    const values: Exported["values"] = [];
    for (const [labels, { counts, sum }] of series()) {
      let total = 0;
      counts.forEach((count, index) => {
        total += count;
        values.push({ metricName: `${name}_bucket`, labels: { ...labels, le: bounds[index] ?? "+Inf" }, value: total });
      });
      values.push({ metricName: `${name}_sum`, labels: { ...labels }, value: sum });
      values.push({ metricName: `${name}_count`, labels: { ...labels }, value: total });
    }
    return { ...await this.#head, values };
  }

  /** What prom-client's registry asks for where it is there. */
  getForPromString(): Promise<Exported> {
    return this.get();
  }
}
