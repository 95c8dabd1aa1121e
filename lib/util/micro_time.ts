const { Instant } = globalThis.Temporal;

/** The form that Kubernetes writes: in UTC, with whole seconds or up to six decimal places. */
const usual = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?Z$/;

/** Milliseconds since the Unix epoch of an RFC 3339 time, with what it has below; undefined when it is none. */
export function parseTime(text: unknown): number | undefined {
  if (typeof text !== "string") return undefined;
  return parseUsual(text) ?? parseAny(text);
}

/** Many times quicker than Temporal, as Leases are judged again and again. Undefined: let the other one look. */
function parseUsual(text: string): number | undefined {
  const [, whole, decimals = ""] = usual.exec(text) ?? [];
  if (whole === undefined) return undefined;
  const date = new Date(`${whole}Z`);
  // What is no date, such as February 30, would be taken for another one.
  if (Number.isNaN(date.getTime()) || date.toISOString().slice(0, whole.length) !== whole) return undefined;
  const micros = date.getTime() * 1_000 + Number(decimals.padEnd(6, "0"));
  return Number.isSafeInteger(micros) ? micros / 1_000 : undefined;
}

function parseAny(text: string): number | undefined {
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
  // Beyond, numbers do not tell microseconds apart.
  if (!Number.isSafeInteger(micros)) {
    return new Instant(BigInt(micros) * 1_000n).toString({ fractionalSecondDigits: 6 });
  }
  const wholeMs = Math.floor(micros / 1_000);
  const rest = String(micros - wholeMs * 1_000).padStart(3, "0");
  return `${new Date(wholeMs).toISOString().slice(0, -1)}${rest}Z`;
}
