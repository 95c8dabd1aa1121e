/** Milliseconds per unit of Go's duration syntax. */
const units: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  "\u00b5s": 1e-3, // micro sign
  "\u03bcs": 1e-3, // Greek letter mu
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};

const wholeDuration = /^[+-]?(?:0|(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|\u00b5s|\u03bcs|ms|s|m|h))+)$/;
const part = /(\d+\.?\d*|\.\d+)(ns|us|\u00b5s|\u03bcs|ms|s|m|h)/g;

/**
 * Milliseconds of a duration in Go's syntax: "300ms", "1.5h", "2h45m", "-10s", "0" (Go's `time.ParseDuration`).
 * @throws SyntaxError that quotes the text and shows the form that is understood.
 */
export function parseDuration(text: string): number {
  if (!wholeDuration.test(text)) {
    throw new SyntaxError(`"${text}" is not a duration: write a number with a unit, such as "15s", "1m30s" or "500ms"`);
  }
  let ms = 0;
  for (const [, amount, unit] of text.matchAll(part)) {
    if (amount !== undefined && unit !== undefined) ms += Number(amount) * (units[unit] ?? 0);
  }
  return text.startsWith("-") ? -ms : ms;
}

/** A duration in the form that Go prints: "1m30s", "500ms", "0s". Finer than a microsecond is rounded away. */
export function formatDuration(ms: number): string {
  const micros = Math.round(Math.abs(ms) * 1_000);
  const sign = ms < 0 && micros > 0 ? "-" : "";
  if (micros === 0) return "0s";
  if (micros < 1_000) return `${sign}${micros}\u00b5s`;
  if (micros < 1_000_000) return `${sign}${micros / 1_000}ms`;
  const hours = Math.floor(micros / 3_600_000_000);
  const minutes = Math.floor(micros / 60_000_000) % 60;
  const seconds = (micros % 60_000_000) / 1_000_000;
  if (hours > 0) return `${sign}${hours}h${minutes}m${seconds}s`;
  return minutes > 0 ? `${sign}${minutes}m${seconds}s` : `${sign}${seconds}s`;
}
