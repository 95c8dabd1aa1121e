const { Instant } = globalThis.Temporal;

/** Milliseconds since the Unix epoch of an RFC 3339 time, with what it has below; undefined when it is none. */
export function parseTime(text: unknown): number | undefined {
  if (typeof text !== "string") return undefined;
  try {
    return Number(Instant.from(text).epochNanoseconds / 1_000n) / 1_000;
  } catch {
    return undefined; // The caller knows which field it was and reports it.
  }
}

/**
 * A time as Kubernetes' MicroTime has it: RFC 3339 in UTC with exactly six decimal places of a second.
 * @param ms milliseconds since the Unix epoch; rounded up to microseconds, so that no deadline reads as an earlier one.
 */
export function formatMicroTime(ms: number): string {
  const nearest = Math.round(ms * 1_000);
  // A whole number of microseconds stays itself: the product may miss it by a bit, which must not count as one more.
  const micros = nearest / 1_000 === ms ? nearest : Math.ceil(ms * 1_000);
  return new Instant(BigInt(micros) * 1_000n).toString({ fractionalSecondDigits: 6 });
}
