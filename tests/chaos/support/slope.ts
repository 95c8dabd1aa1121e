/** A value at a moment. */
export interface Sample {
  /** Milliseconds. */
  readonly at: number;
  readonly value: number;
}

/** How fast something changes. */
export interface Slope {
  /** Of the samples. */
  readonly mean: number;
  readonly perHour: number;
  /** Two standard errors of `perHour`. NaN when there are too few samples to tell. */
  readonly error: number;
}

/**
 * What follows each other within so long says little more than one of them: their mean counts, as else the error would be
 * told much too small. Milliseconds.
 */
const block = 120_000;

const hour = 3_600_000;

/** The slope of a straight line through the samples, by least squares over the means of two minutes each. */
export function slopeOf(samples: readonly Sample[]): Slope {
  const blocks = [...Map.groupBy(samples, ({ at }) => Math.floor(at / block)).values()];
  const points = blocks.map((own) => ({ x: meanOf(own.map(({ at }) => at)) / hour, y: meanOf(own.map(valueOf)) }));
  const [x, y] = [meanOf(points.map((point) => point.x)), meanOf(points.map((point) => point.y))];
  const spread = sumOf(points.map((point) => (point.x - x) ** 2));
  const perHour = sumOf(points.map((point) => (point.x - x) * (point.y - y))) / spread;
  const rest = sumOf(points.map((point) => (point.y - y - perHour * (point.x - x)) ** 2));
  const error = points.length < 4 ? NaN : 2 * Math.sqrt(rest / (points.length - 2) / spread);
  return { mean: meanOf(samples.map(valueOf)), perHour, error };
}

/**
 * Does it grow? Only if it is certain that there is a slope, and that is not too small to matter.
 * @param least in an hour, that matters
 */
export function grows({ perHour, error }: Slope, least: number): boolean {
  return perHour > error && perHour > least;
}

function valueOf({ value }: Sample): number {
  return value;
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

function meanOf(values: readonly number[]): number {
  return sumOf(values) / values.length;
}
